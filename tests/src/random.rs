//! Random numbers that come again with their seed (SplitMix64).

/// A source of random numbers.
pub struct Random(u64);

impl Random {
    /// The seed is `BALLAST_SEED` where that is set, else the one given. It is printed.
    pub fn seeded(default: u64) -> Self {
        let given = std::env::var("BALLAST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or(default);
        println!("again with BALLAST_SEED={seed}");
        Random(seed)
    }

    /// A number in `0..below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }
}
