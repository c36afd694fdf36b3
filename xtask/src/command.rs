//! Runs other programs: to the end, with an error that names the command line.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// The command has run and succeeded. What it printed went to the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let child = start(command)?;
    let status = wait(child, command)?;
    succeeded(status, command)
}

/// The command has run and succeeded; what it wrote to standard output is returned, standard error
/// went to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let mut text = String::new();
    child
        .stdout
        .take()
        .expect("standard output is piped")
        .read_to_string(&mut text)
        .with_context(|| format!("could not read what {} prints", shown(command)))?;
    let status = wait(child, command)?;
    succeeded(status, command)?;
    Ok(text)
}

/// The command has run, successfully or not. What it printed went to the terminal and is returned
/// too, both streams together.
pub fn run_and_keep(command: &mut Command) -> Result<(String, Result<()>)> {
    let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let out = child.stdout.take().expect("standard output is piped");
    let err = child.stderr.take().expect("standard error is piped");
    let out = thread::spawn(move || copy_lines(out, std::io::stdout()));
    let err = thread::spawn(move || copy_lines(err, std::io::stderr()));
    let mut text = out.join().expect("copying lines does not panic");
    text.push_str(&err.join().expect("copying lines does not panic"));
    let status = wait(child, command)?;
    Ok((text, succeeded(status, command)))
}

/// Whether the command can be started and succeeds; what it prints is dropped.
pub fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command line as a person would type it.
pub fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        if argument.contains(' ') {
            write!(line, " '{argument}'").expect("writing to a String does not fail");
        } else {
            write!(line, " {argument}").expect("writing to a String does not fail");
        }
    }
    line
}

fn start(command: &mut Command) -> Result<Child> {
    interrupt::check()?;
    let child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("could not start {}", shown(command)))?;
    interrupt::started(child.id());
    Ok(child)
}

fn wait(mut child: Child, command: &Command) -> Result<ExitStatus> {
    let status = child.wait();
    interrupt::finished();
    let status = status.with_context(|| format!("lost sight of {}", shown(command)))?;
    interrupt::check()?;
    Ok(status)
}

fn succeeded(status: ExitStatus, command: &Command) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

fn copy_lines(from: impl Read, mut to: impl Write) -> String {
    let mut kept = String::new();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // The terminal may be gone; the text is still wanted.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    kept
}
