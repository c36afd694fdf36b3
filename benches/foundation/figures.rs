//! Timing, medians, and whether the machine is quiet enough to believe them.

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

/// Middle of the times, which are sorted on the way.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// One line: what Saldo took, what the yardstick took, and the ratio in hundredths.
pub fn print(measure: &str, saldo: &mut [Duration], yardstick: &mut [Duration], aim: &str) {
    let (saldo, yardstick) = (median(saldo), median(yardstick));
    let hundredths = saldo.as_micros() * 100 / yardstick.as_micros().max(1);
    println!(
        "{measure}: Saldo {saldo:.1?}, yardstick {yardstick:.1?}, ratio {}.{:02} (aim {aim})",
        hundredths / 100,
        hundredths % 100
    );
}
