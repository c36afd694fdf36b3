//! The program as it is delivered: how soon it is ready, how much memory it keeps, how large its browser half is.

use crate::figures::{Figures, median};
use anyhow::Context;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// When nothing is asked of it any more, and what it needed to start has been given back.
const REST: Duration = Duration::from_secs(2);

pub fn measure(rounds: u32, figures: &mut Figures) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("saldo.db").display());
    // The first start makes the schema; it is not counted.
    start(&url)?.end()?;
    let (mut ready, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let server = start(&url)?;
        ready.push(u64::try_from(started.elapsed().as_millis())?);
        std::thread::sleep(REST);
        memory.push(server.resident_kilobytes()?);
        server.end()?;
    }
    figures.figure("server, time to ready", "ms", median(&ready), "1000");
    figures.figure(
        "server, resident memory at rest",
        "MB",
        median(&memory) / 1024,
        "80",
    );
    Ok(())
}

/// Wasm and JavaScript of the built site, compressed with brotli.
pub fn measure_site(figures: &mut Figures) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site/pkg");
    let mut bytes = 0;
    for file in std::fs::read_dir(&folder).into_iter().flatten() {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wasm.br") || name.ends_with(".js.br") {
            bytes += file.metadata()?.len();
        }
    }
    if bytes == 0 {
        println!("browser half skipped: no release of it is built (cargo xtask build --release)");
        return Ok(());
    }
    figures.figure(
        "browser half, wasm and JavaScript, brotli",
        "kB",
        bytes / 1000,
        "150",
    );
    Ok(())
}

struct Server {
    child: Child,
}

/// The server answers that it is ready.
fn start(url: &str) -> anyhow::Result<Server> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_saldo"))
        .args(["serve", "--port", "0", "--database-url", url])
        .env("SALDO_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the server could not be started")?;
    let out = child.stdout.take().context("standard output is piped")?;
    let server = Server { child };
    let mut greeting = String::new();
    BufReader::new(out).read_line(&mut greeting)?;
    let address = greeting.trim().rsplit("http://").next().unwrap_or_default();
    let mut connection =
        TcpStream::connect(address).with_context(|| format!("the server said {greeting:?}"))?;
    write!(
        connection,
        "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {answer}");
    Ok(server)
}

impl Server {
    fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.context("no memory is reported")?.parse()?)
    }

    fn end(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already where everything went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
