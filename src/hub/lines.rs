//! The keys of sessions: not to be guessed, and made without a random source.

use sha2::{Digest as _, Sha256};

use crate::protocol::{ResumeKey, SessionLine};

/// Makes lines from a secret and a counter: SHA-256 over both, of which 128 bits are shown.
pub(super) struct Lines {
    seed: [u8; 32],
    next: u64,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Lines {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, next: 0 }
    }

    pub(super) fn make(&mut self) -> SessionLine {
        SessionLine::new(&self.next())
    }

    /// A key of the same kind, by which a session is taken up again.
    pub(super) fn make_resume(&mut self) -> ResumeKey {
        ResumeKey::new(&self.next())
    }

    fn next(&mut self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.next.to_be_bytes());
        self.next += 1;
        let digest = hash.finalize();
        digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_differ_from_one_another_and_between_seeds() {
        let mut lines = Lines::new([1; 32]);
        let first = lines.make();
        assert_ne!(first, lines.make());
        assert_ne!(first, Lines::new([2; 32]).make());
        assert_eq!(first.expose().len(), 32);
    }
}
