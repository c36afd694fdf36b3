//! Timing, medians, what is printed and what is written, and whether the machine is quiet enough to believe it.

use anyhow::Context;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Says how much of a busy loop's time other programs took: wall ÷ CPU is 1.00 on a quiet machine.
pub fn say_whether_quiet() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let started = Instant::now();
    let cpu_before = cpu_ticks();
    let mut sum = 0_u64;
    while started.elapsed() < Duration::from_millis(500) {
        sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
    }
    let cpu = cpu_ticks().saturating_sub(cpu_before).max(1);
    let wall_ticks = u64::try_from(started.elapsed().as_millis() / 10).unwrap_or(u64::MAX);
    let percent = wall_ticks * 100 / cpu;
    let verdict = if percent <= 105 {
        "quiet"
    } else {
        "BUSY: believe the ratios, not the times"
    };
    println!(
        "machine: wall ÷ CPU {percent} %, {verdict}; load {}",
        load.trim()
    );
}

/// User and system time of this process in ticks of 10 ms.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let tick = |index: usize| {
        fields
            .get(index)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    tick(11) + tick(12)
}

/// Everything measured in this run.
#[derive(Default)]
pub struct Figures {
    measured: Vec<Value>,
}

impl Figures {
    /// Times: the shorter the better.
    pub fn times(&mut self, measure: &str, saldo: &[Duration], yardstick: &[Duration], aim: &str) {
        let (saldo, yardstick) = (median(saldo), median(yardstick));
        let ratio = hundredths(saldo.as_micros(), yardstick.as_micros());
        println!(
            "{measure}: Saldo {saldo:.1?}, yardstick {yardstick:.1?}, ratio {ratio} (aim {aim})"
        );
        self.measured.push(json!({
            "measure": measure,
            "unit": "ms",
            "saldo": hundredths(saldo.as_micros(), 1000),
            "yardstick": hundredths(yardstick.as_micros(), 1000),
            "ratio": ratio,
            "aim": aim,
        }));
    }

    /// Rates per second: the ratio says how many times the yardstick is faster.
    pub fn rates(&mut self, measure: &str, unit: &str, saldo: &[u64], yardstick: &[u64]) {
        let (saldo, yardstick) = (median(saldo), median(yardstick));
        let ratio = hundredths(yardstick.into(), saldo.into());
        println!("{measure}: Saldo {saldo} {unit}, yardstick {yardstick} {unit}, ratio {ratio}");
        self.measured.push(json!({
            "measure": measure,
            "unit": unit,
            "saldo": saldo,
            "yardstick": yardstick,
            "ratio": ratio,
        }));
    }

    /// One figure that stands for itself, beside what it should be at most.
    pub fn figure(&mut self, measure: &str, unit: &str, value: u64, aim: &str) {
        println!("{measure}: {value} {unit} (aim {aim})");
        self.measured.push(json!({
            "measure": measure,
            "unit": unit,
            "saldo": value,
            "aim": aim,
        }));
    }

    /// Writes everything measured as one JSON document.
    pub fn write(self, file: &Path) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism()?.get();
        let document = json!({ "cores": cores, "figures": self.measured });
        std::fs::write(file, format!("{document:#}\n"))
            .with_context(|| format!("could not write {}", file.display()))?;
        println!("written to {}", file.display());
        Ok(())
    }
}

/// The middle of what was measured.
pub fn median<T: Copy + Ord + Default>(measured: &[T]) -> T {
    let mut sorted = measured.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// `dividend ÷ divisor` with two decimals.
fn hundredths(dividend: u128, divisor: u128) -> String {
    let hundredths = dividend * 100 / divisor.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// `count` within `time`, per second.
pub fn per_second(count: u64, time: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000 / time.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}
