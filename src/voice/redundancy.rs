//! Packets that bring the ones before them along (RFC 2198), and taking them apart.

/// The longest block that its header can tell of, in bytes.
const BLOCK_MAX: usize = 1023;
/// The farthest back, in samples.
const BACK_MAX: u32 = (1 << 14) - 1;
/// The most blocks that are looked at.
const BLOCKS: usize = 8;

/// One packet of the two or more in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// By how many samples it is older than the packet that brings it; 0 for the packet itself.
    pub(super) back: u32,
    pub(super) payload: &'a [u8],
}

/// Writes one packet that has `copies`, the oldest first, each with how much older it is, before `payload`. What cannot be
/// told is left out. `None` if nothing is left.
pub(super) fn pack(kind: u8, copies: &[(u32, &[u8])], payload: &[u8]) -> Option<Vec<u8>> {
    let told = |(back, copy): &&(u32, &[u8])| {
        !copy.is_empty() && copy.len() <= BLOCK_MAX && (1..=BACK_MAX).contains(back)
    };
    let length: usize = copies.iter().map(|(_, copy)| 4 + copy.len()).sum();
    let mut bytes = Vec::with_capacity(length + 1 + payload.len());
    for (back, copy) in copies.iter().filter(told) {
        let length = u32::try_from(copy.len()).ok()?;
        let header = (1 << 31) | (u32::from(kind) << 24) | (back << 10) | length;
        bytes.extend_from_slice(&header.to_be_bytes());
    }
    if bytes.is_empty() {
        return None;
    }
    bytes.push(kind & 0x7f);
    for (_, copy) in copies.iter().filter(told) {
        bytes.extend_from_slice(copy);
    }
    bytes.extend_from_slice(payload);
    Some(bytes)
}

/// Takes one apart, the packet itself last; empty if it has no such form. Parts of another kind are left out.
pub(super) fn unpack(kind: u8, bytes: &[u8]) -> Vec<Part<'_>> {
    let mut headers = Vec::new();
    let mut rest = bytes;
    let own = loop {
        let Some((first, after)) = rest.split_first() else {
            return Vec::new();
        };
        if first & 0x80 == 0 {
            rest = after;
            break first & 0x7f;
        }
        let Some((header, after)) = rest.split_first_chunk::<4>() else {
            return Vec::new();
        };
        let header = u32::from_be_bytes(*header);
        headers.push(header);
        if headers.len() > BLOCKS {
            return Vec::new();
        }
        rest = after;
    };
    let mut parts = Vec::with_capacity(headers.len() + 1);
    for header in headers {
        let length = (header & 0x3ff) as usize;
        let Some((payload, after)) = rest.split_at_checked(length) else {
            return Vec::new();
        };
        rest = after;
        let back = (header >> 10) & BACK_MAX;
        if (header >> 24) & 0x7f == u32::from(kind) && back > 0 && !payload.is_empty() {
            parts.push(Part { back, payload });
        }
    }
    if own != kind {
        return Vec::new();
    }
    parts.push(Part {
        back: 0,
        payload: rest,
    });
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let bytes = pack(111, &[(1920, b"first"), (960, b"before")], b"now").expect("a packet");
        let part = |back, payload| Part { back, payload };
        assert_eq!(
            unpack(111, &bytes),
            [
                part(1920, &b"first"[..]),
                part(960, &b"before"[..]),
                part(0, &b"now"[..])
            ]
        );
        assert_eq!(unpack(110, &bytes), []);
        assert_eq!(pack(111, &[(960, &[0; 1024])], b"now"), None);
        assert_eq!(pack(111, &[(20_000, b"before")], b"now"), None);
    }

    #[test]
    fn garbage_has_no_parts_or_some_within_itself() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..random.usize(0..64)).map(|_| random.u8(..)).collect();
            let sum: usize = unpack(random.u8(..128), &bytes)
                .iter()
                .map(|part| part.payload.len())
                .sum();
            assert!(sum <= bytes.len());
        }
    }
}
