//! What is looked at in a session description before it is believed.

use super::SdpError;

/// The longest that fits in a call's `extra`, in bytes.
const LONGEST: usize = 8 * 1024;
/// The most addresses of the other side: each costs a try from each of ours.
const CANDIDATES: usize = 24;
/// The most kinds of media: a browser has two, and data.
const MEDIA: usize = 4;

/// The description without the addresses that we cannot reach: names of hosts, as browsers hide theirs behind, and TCP.
pub(super) fn checked(text: &str) -> Result<String, SdpError> {
    if text.len() > LONGEST {
        return Err(SdpError::TooMuch);
    }
    let (mut candidates, mut media) = (0, 0);
    let mut lines = String::with_capacity(text.len());
    for line in text.lines() {
        if let Some(candidate) = line.strip_prefix("a=candidate:") {
            if !reachable(candidate) {
                continue;
            }
            candidates += 1;
        }
        media += usize::from(line.starts_with("m="));
        lines.push_str(line);
        lines.push_str("\r\n");
    }
    if candidates > CANDIDATES || media > MEDIA {
        return Err(SdpError::TooMuch);
    }
    Ok(lines)
}

/// The name of the first sound in a description, if one is taken.
pub(super) fn audio(text: &str) -> Option<&str> {
    let mut in_audio = false;
    text.lines().find_map(|line| {
        if let Some(media) = line.strip_prefix("m=") {
            in_audio = media.starts_with("audio ") && !media.starts_with("audio 0 ");
        }
        line.strip_prefix("a=mid:").filter(|_| in_audio)
    })
}

fn reachable(candidate: &str) -> bool {
    let mut words = candidate.split(' ').skip(2);
    let udp = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("udp"));
    let address = words.nth(1);
    udp && address.is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_is_found_if_it_is_taken() {
        let text = "v=0\nm=video 9 X\na=mid:v\nm=audio 0 X\na=mid:no\nm=audio 9 X\na=mid:0\n";
        assert_eq!(audio(text), Some("0"));
        assert_eq!(audio("v=0\nm=audio 0 X\na=mid:0"), None);
    }

    #[test]
    fn names_and_tcp_are_left_out_and_floods_are_refused() {
        let line = |i: usize| format!("a=candidate:{i} 1 udp 2113937151 10.0.0.1 {i} typ host\r\n");
        let text = format!(
            "v=0\n{}a=candidate:1 1 udp 1 3f2a.local 99 typ host\na=candidate:1 1 tcp 1 10.0.0.1 9 typ host\n",
            line(5)
        );
        let kept = checked(&text).expect("a description");
        assert_eq!(kept, format!("v=0\r\n{}", line(5)));
        let flood: String = (0..=CANDIDATES).map(line).collect();
        assert!(matches!(checked(&flood), Err(SdpError::TooMuch)));
        assert!(checked(&"m=audio\n".repeat(5)).is_err());
        assert!(checked(&"x".repeat(LONGEST + 1)).is_err());
    }
}
