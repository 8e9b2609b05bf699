//! Half characters in JSON: `"\ud83d"` without its second half, which JavaScript writes and no UTF-8 can hold.

/// The text with every half character replaced by U+FFFD; `None` if there is none.
pub(super) fn mend(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len());
    let mut found = false;
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let taken = match surrogate(escape) {
            Some(Half::High) if escape.get(6..).and_then(surrogate) == Some(Half::Low) => 12,
            Some(_) => {
                found = true;
                mended.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // An escape is the backslash and one character at least, so an escaped backslash is passed over whole.
            None => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&escape[..taken]);
        rest = &escape[taken..];
    }
    mended.push_str(rest);
    found.then_some(mended)
}

#[derive(PartialEq)]
enum Half {
    High,
    Low,
}

/// Which half the escape at the beginning of a text is.
fn surrogate(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_whole_characters_kept() {
        assert_eq!(mend(r#""a\ud83d""#).as_deref(), Some(r#""a\ufffd""#));
        assert_eq!(mend(r#""\ude00b""#).as_deref(), Some(r#""\ufffdb""#));
        assert_eq!(
            mend(r#""\ud83d\ud83d\ude00""#).as_deref(),
            Some(r#""\ufffd\ud83d\ude00""#)
        );
        assert_eq!(mend(r#""\ud83d\ude00""#), None);
    }

    #[test]
    fn an_escaped_backslash_begins_no_escape() {
        assert_eq!(mend(r#""\\ud83d""#), None);
        assert_eq!(mend("\\"), None);
        assert_eq!(mend("\\u"), None);
        assert_eq!(mend("\\é"), None);
    }
}
