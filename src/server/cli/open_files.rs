//! How many files this process may have open, of which each connection is one.

/// Fewer are soon used up.
pub(super) const ENOUGH: u64 = 4096;
/// What an operator does about too few.
pub(super) const REMEDY: &str =
    "raise the hard limit: LimitNOFILE= in a systemd unit, `ulimit -Hn` in a shell";

/// The most that [`raise`] can reach: the hard limit; `None` where the system has none or does not say.
pub(super) fn most() -> Option<u64> {
    #[cfg(unix)]
    return rlimit::Resource::NOFILE.get_hard().ok();
    #[cfg(not(unix))]
    None
}

/// Raises this process's own limit to [`most`], and warns if that is not [`ENOUGH`].
pub(super) fn raise() {
    let Some(most) = most() else {
        return;
    };
    match rlimit::increase_nofile_limit(most) {
        Ok(limit) if limit < ENOUGH => {
            tracing::warn!(limit, "there may be few connections: {REMEDY}");
        }
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let most = most().expect("the system says");
        raise();
        let soft = rlimit::Resource::NOFILE
            .get_soft()
            .expect("the system says");
        // Some systems (macOS) have another bound, below the hard limit.
        assert!(soft == most || soft >= ENOUGH, "{soft} of {most}");
    }
}
