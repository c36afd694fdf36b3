//! Chance for the demo company: the same seed draws the same for ever, on every machine.

use chrono::{Days, NaiveDate};

/// SplitMix64. Each stream has a name, so that one draw more in one of them changes no other.
pub struct Draw {
    state: u64,
}

impl Draw {
    pub fn new(seed: u64, stream: &str) -> Self {
        // FNV-1a over the name.
        let state = stream.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut draw = Self {
            state: state ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        draw.next();
        draw
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let drawn = i64::try_from(self.next() >> 1).expect("63 bits fit");
        low + drawn % (high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: i64) -> bool {
        self.between(1, 100) <= chance
    }

    pub fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let last = i64::try_from(things.len()).expect("lists are short") - 1;
        let index = usize::try_from(self.between(0, last)).expect("an index is not negative");
        &things[index]
    }

    /// One of several, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, things: &[(i64, T)]) -> T {
        let total = things.iter().map(|(weight, _)| weight).sum();
        let mut left = self.between(1, total);
        for (weight, thing) in things {
            left -= weight;
            if left <= 0 {
                return *thing;
            }
        }
        things[things.len() - 1].1
    }

    /// So many days after `date`, both ends included.
    pub fn days_after(&mut self, date: NaiveDate, low: i64, high: i64) -> NaiveDate {
        let days = u64::try_from(self.between(low, high)).expect("days after are not negative");
        date + Days::new(days)
    }

    /// So many digits.
    pub fn digits(&mut self, count: usize) -> String {
        let digits = (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.between(0, 9)).expect("a digit")));
        digits.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_always_draw_the_same() {
        let mut draw = Draw::new(1, "names");
        let drawn: Vec<i64> = (0..6).map(|_| draw.between(0, 99)).collect();
        assert_eq!(drawn, FIRST_DRAWN);
        let mut again = Draw::new(1, "names");
        assert_eq!(again.between(0, 99), drawn[0]);
    }

    /// Should these change, every demo company changes with them.
    const FIRST_DRAWN: [i64; 6] = [94, 61, 64, 63, 78, 36];

    #[test]
    fn another_seed_or_stream_draws_otherwise() {
        let drawn = |seed, stream| {
            let mut draw = Draw::new(seed, stream);
            (0..6)
                .map(|_| draw.between(0, 1_000_000))
                .collect::<Vec<_>>()
        };
        assert_ne!(drawn(1, "names"), drawn(2, "names"));
        assert_ne!(drawn(1, "names"), drawn(1, "bills"));
    }

    #[test]
    fn what_is_drawn_keeps_its_bounds_and_reaches_them() {
        let mut draw = Draw::new(7, "bounds");
        let drawn: Vec<i64> = (0..500).map(|_| draw.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert!((0..500).all(|_| draw.weighted(&[(0, 'a'), (3, 'b')]) == 'b'));
    }
}
