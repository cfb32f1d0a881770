use std::time::{Duration, Instant};

/// Lets through `rate` events a second on average, and bursts of up to `burst`.
pub struct TokenBucket {
    tokens: f64,
    burst: f64,
    rate: f64,
    last: Instant,
}

impl TokenBucket {
    pub fn new(rate: f64, burst: f64, now: Instant) -> Self {
        TokenBucket { tokens: burst, burst, rate, last: now }
    }

    /// How long to wait before `cost` events may pass; zero takes the tokens at once.
    pub fn acquire(&mut self, cost: f64, now: Instant) -> Duration {
        let elapsed = now.duration_since(self.last).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate).min(self.burst);
        self.last = now;
        if self.tokens >= cost {
            self.tokens -= cost;
            return Duration::ZERO;
        }
        Duration::from_secs_f64((cost - self.tokens) / self.rate)
    }
}
