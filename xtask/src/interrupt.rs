//! Ctrl-C and SIGTERM end what is running and let this program clean up after it.
//!
//! Each command runs in a process group of its own, so a signal sent to this program alone still
//! reaches everything below it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Option<Pid>> = Mutex::new(None);

/// Time to end well after the first signal.
const GRACE: Duration = Duration::from_secs(10);

/// From now on signals are handled here: the first asks the running command to stop, the second, or
/// ten seconds, ends it.
pub fn watch() -> Result<()> {
    ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        if again {
            tell(*running(), Signal::SIGKILL);
            return;
        }
        tell(*running(), Signal::SIGINT);
        thread::spawn(move || {
            thread::sleep(GRACE);
            // Nothing new is started after a signal, so what runs now is what was told to stop.
            tell(*running(), Signal::SIGKILL);
        });
    })
    .context("could not watch for Ctrl-C")
}

fn tell(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // The group may have ended by itself in this moment; then there is nobody to tell.
        let _ = killpg(group, signal);
    }
}

/// Fails once a signal has come, so that no further command is started.
pub fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Signals go to the process group `group` until `finished`.
pub fn started(group: u32) {
    let group = i32::try_from(group).expect("process ids are positive and fit an i32");
    *running() = Some(Pid::from_raw(group));
}

/// No command is running.
pub fn finished() {
    *running() = None;
}

fn running() -> std::sync::MutexGuard<'static, Option<Pid>> {
    RUNNING
        .lock()
        .expect("nobody panics while holding this lock")
}
