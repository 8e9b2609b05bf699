//! What must never be seen: tokens, credentials and keys of sessions, in frames and in lines of a log. Whatever is shown or
//! written down for people to read goes through here first.
//!
//! Three nets, one behind the other: the names under which frames carry secrets, at any depth, also in JSON that stands in a
//! text; secrets that were seen once, wherever they come again; and what looks like a token or stands behind a word such as
//! `token=`. All else stays as it is, letter by letter.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::de::IgnoredAny;

/// What stands where a secret stood.
pub const MASKED: &str = "***";

/// Names in JSON whose values are secrets (protocol page, sections 4, 7, 18 and 20).
const NAMES: [&str; 10] = [
    "token",
    "resume",
    "line",
    "credential",
    "password",
    "secret",
    "certificate",
    "admin_token",
    "access_token",
    // As text only: the number of an error has the same name.
    "code",
];
/// The same in other texts, where `:` or `=` follows. `ice-pwd` and `inline` are those of SDP.
const WORDS: [&str; 7] = [
    "token",
    "resume",
    "credential",
    "password",
    "secret",
    "ice-pwd",
    "inline",
];
/// Secrets that are remembered. When one more comes, the oldest is forgotten.
const KNOWN: usize = 64;
/// A shorter value is no secret, and would be found everywhere.
const SHORTEST: usize = 8;
/// What stands for a token where none is needed.
const NO_TOKEN: &str = "_no_need_token";
/// The least characters of what looks like a token.
const TOKEN_CHARS: usize = 40;
/// Where in a text JSON may begin, so many places are tried.
const BEGINNINGS: usize = 16;
/// JSON in a text in JSON, and so on: what is deeper is not shown.
const DEPTH: usize = 8;

/// Hides secrets, and remembers those that it has seen.
#[derive(Default)]
pub struct Mask {
    known: VecDeque<String>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} secrets)", self.known.len())
    }
}

impl Mask {
    /// It has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            known: VecDeque::new(),
        }
    }

    /// A secret that is to be hidden from now on, wherever it stands.
    pub fn hide(&mut self, secret: &str) {
        let short = secret.len() < SHORTEST || secret == NO_TOKEN;
        if short || self.known.iter().any(|known| known == secret) {
            return;
        }
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(secret.to_owned());
    }

    /// A frame without its secrets. What is no JSON is not shown at all, since nobody knows what stands in it.
    pub fn frame(&mut self, text: &str) -> String {
        self.json(text, DEPTH)
            .unwrap_or_else(|| format!("(no JSON, {} bytes)", text.len()))
    }

    /// A line for people without what looks like a secret.
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for known in &self.known {
            if text.contains(known.as_str()) {
                text = Cow::Owned(text.replace(known.as_str(), MASKED));
            }
        }
        let text = behind_words(&text);
        tokens(&text)
    }

    /// `None` if it is no JSON.
    fn json(&mut self, text: &str, depth: usize) -> Option<String> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        if depth == 0 {
            return Some(MASKED.to_owned());
        }
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        // The name before the value that comes now, if that is a secret.
        let mut secret: Option<String> = None;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let end = match byte {
                b'"' => string_end(bytes, at),
                b'{' | b'[' if secret.is_some() => nested_end(bytes, at),
                b'{' | b'[' | b'}' | b']' | b',' | b':' => at + 1,
                byte if byte.is_ascii_whitespace() => at + 1,
                _ => word_end(bytes, at),
            };
            let raw = text.get(at..end).unwrap_or_default();
            match byte {
                b'"' if is_name(bytes, end) => {
                    let name: Option<String> = serde_json::from_str(raw).ok();
                    secret = name.filter(|name| is_secret(name));
                    out.push_str(&self.string(raw, depth));
                }
                b'"' if secret.take().is_some() => out.push_str(&self.hidden(raw)),
                b'"' => out.push_str(&self.string(raw, depth)),
                b'{' | b'[' if secret.take().is_some() => out.push_str(&quoted(MASKED)),
                b'-' | b'0'..=b'9' => {
                    let code = |name: String| name.eq_ignore_ascii_case("code");
                    let shown = secret.take().is_none_or(code);
                    out.push_str(if shown { raw } else { "\"***\"" });
                }
                b':' => out.push_str(raw),
                byte if byte.is_ascii_whitespace() => out.push_str(raw),
                _ => {
                    secret = None;
                    out.push_str(raw);
                }
            }
            at = end;
        }
        Some(out)
    }

    /// A text that is a secret, as it stands in JSON.
    fn hidden(&mut self, raw: &str) -> String {
        match serde_json::from_str::<String>(raw) {
            Ok(value) if value.is_empty() => raw.to_owned(),
            Ok(value) => {
                self.hide(&value);
                quoted(MASKED)
            }
            Err(_) => quoted(MASKED),
        }
    }

    /// A text without the secrets in it, as it stands in JSON.
    fn string(&mut self, raw: &str, depth: usize) -> String {
        let Ok(value) = serde_json::from_str::<String>(raw) else {
            // Half a character: nobody can read it.
            return quoted(MASKED);
        };
        let shown = self.value(&value, depth);
        if shown == value {
            raw.to_owned()
        } else {
            quoted(&shown)
        }
    }

    /// JSON in a text, perhaps behind other words, such as the content of an envelope.
    fn value(&mut self, value: &str, depth: usize) -> String {
        for (begin, _) in value.match_indices(['{', '[']).take(BEGINNINGS) {
            let (before, json) = value.split_at(begin);
            if let Some(json) = self.json(json, depth - 1) {
                return self.line(before) + &json;
            }
        }
        self.line(value)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_secret(name: &str) -> bool {
    NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Where a text in JSON that begins at `at` is over.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    loop {
        match bytes.get(end) {
            Some(b'\\') => end += 2,
            Some(b'"') => return end + 1,
            Some(_) => end += 1,
            None => return bytes.len(),
        }
    }
}

/// Where an object or a list that begins at `at` is over.
fn nested_end(bytes: &[u8], at: usize) -> usize {
    let mut open = 0_usize;
    let mut end = at;
    while let Some(byte) = bytes.get(end) {
        end = match byte {
            b'"' => string_end(bytes, end),
            _ => end + 1,
        };
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return end;
        }
    }
    bytes.len()
}

/// Where a number, or `true`, `false` or `null`, is over.
fn word_end(bytes: &[u8], at: usize) -> usize {
    let over = |byte: &u8| b",]}:\"".contains(byte) || byte.is_ascii_whitespace();
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.iter().position(over).unwrap_or(rest.len());
    at + length.max(1)
}

/// Whether a text that was over at `end` is the name of something.
fn is_name(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// Hides what stands behind `token=`, `"token": "`, `?code=`, `a=ice-pwd:` and such.
fn behind_words(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = lower.get(at..).unwrap_or_default();
        let before = lower
            .get(..at)
            .and_then(|before| before.chars().next_back());
        let found = secret_behind(rest, before);
        let Some((from, to)) = found else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(text.get(at..at + next).unwrap_or_default());
            at += next;
            continue;
        };
        out.push_str(text.get(at..at + from).unwrap_or_default());
        out.push_str(MASKED);
        at += to;
    }
    out
}

/// Where the secret stands in what begins with such a word: from, to.
fn secret_behind(rest: &str, before: Option<char>) -> Option<(usize, usize)> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let link = matches!(before, Some('?' | '&')) && rest.starts_with("code=");
    let word = match link {
        true => "code",
        false => WORDS.into_iter().find(|word| rest.starts_with(word))?,
    };
    let is_quote = |c: char| matches!(c, '"' | '\'' | '\\');
    let behind = rest.get(word.len()..)?.trim_start_matches(is_quote);
    let behind = behind.trim_start().strip_prefix([':', '='])?;
    let value = behind.trim_start_matches(|c: char| is_quote(c) || c == ' ');
    let over = |c: char| c.is_whitespace() || is_quote(c) || "&,;)}]>".contains(c);
    let length = value.find(over).unwrap_or(value.len());
    let from = rest.len() - value.len();
    (length > 0).then_some((from, from + length))
}

/// Hides what looks like a token: access tokens 006 and 007, and signaling tokens, `1:app:expires:md5`.
fn tokens(text: &str) -> String {
    let within = |c: char| c.is_ascii_alphanumeric() || "+/=:_-".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c| !within(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        let shown = token_in(run).unwrap_or(run.len());
        out.push_str(run.get(..shown).unwrap_or_default());
        if shown < run.len() {
            out.push_str(MASKED);
        }
        let next = behind.chars().next().map_or(0, char::len_utf8);
        out.push_str(behind.get(..next).unwrap_or_default());
        rest = behind.get(next..).unwrap_or_default();
    }
    out
}

/// Where a token begins in a run of characters that tokens are made of.
fn token_in(run: &str) -> Option<usize> {
    if run.len() < TOKEN_CHARS {
        return None;
    }
    ["006", "007", "1:"].into_iter().find_map(|begin| {
        run.match_indices(begin).find_map(|(at, _)| {
            let token = run.get(at..)?;
            let before = run.get(..at)?.chars().next_back();
            let alone = before.is_none_or(|c| !c.is_ascii_alphanumeric());
            let parts = token.split(':').count() >= 4 || begin != "1:";
            (alone && parts && token.len() >= TOKEN_CHARS).then_some(at)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "007eJxTYBBbsMMnKq7p9Hf_HZ0Vd9dfsKj0";

    #[test]
    fn every_place_of_a_secret_is_hidden() {
        let link = format!("callsign://h:1/?app=a&code={SECRET}&fp=00ff");
        let inner = format!(
            r#"{{"result":"ok","line":"{SECRET}","uid":7,"resume":"{SECRET}","ice":[{{"username":"u","credential":"{SECRET}"}}]}}"#
        );
        let voice = format!(
            r#"{{"_voice":{{"v":1,"sdp":"v=0\r\na=ice-ufrag:u\r\na=ice-pwd:{SECRET}\r\n"}}}}"#
        );
        let envelope = format!(r#"msg-v2 a b v1:E:3600 voip_invite 17 {{"token":"{SECRET}"}}"#);
        for frame in [
            format!(
                r#"["login",{{"vid":"a","account":"b","token":"{SECRET}","resume":"{SECRET}"}}]"#
            ),
            format!(r#"["login",{{"to\u006ben" : "{SECRET}"}}]"#),
            format!(r#"["line_login",{{"line":"{SECRET}"}}]"#),
            serde_json::json!(["login_ret", ["", inner]]).to_string(),
            format!(r#"["call2",["channel_query_num",7,{{"line":"{SECRET}","name":"r"}}]]"#),
            serde_json::json!(["call2", ["voip_invite", 7, {"extra": voice}]]).to_string(),
            serde_json::json!([
                "call2-ret",
                [
                    1,
                    "",
                    serde_json::json!({"msgs": [[1, envelope]]}).to_string()
                ]
            ])
            .to_string(),
            serde_json::json!(["notify", ["channel2", "r", 1, format!("see {link}")]]).to_string(),
            serde_json::json!(["notify", ["channel2", "r", 1, format!("token: {SECRET}")]])
                .to_string(),
            format!(r#"["x",{{"token":["{SECRET}"],"secret":{{"a":"{SECRET}"}}}}]"#),
            format!(r#"["x",{{"code":"{SECRET}"}}]"#),
            // Not even whole.
            format!(r#"["login",{{"token":"{SECRET}""#),
        ] {
            let shown = Mask::default().frame(&frame);
            assert!(!shown.contains(SECRET), "{frame}\n{shown}");
            assert!(
                shown.contains(MASKED) || shown.contains("no JSON"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_secret_that_was_seen_is_hidden_wherever_it_comes_again() {
        let mut mask = Mask::default();
        assert!(
            !mask
                .frame(r#"["login",{"token":"my own secret"}]"#)
                .contains("own")
        );
        let said = r#"["notify",["channel2","r",1,"it is my own secret, {pst}"]]"#;
        assert!(!mask.frame(said).contains("own"), "in what is said");
        assert!(
            !mask.line("refused: my own secret").contains("own"),
            "in a line"
        );
        mask.hide("another one");
        let named = r#"["x",{"another one":1,"value":"another one"}]"#;
        assert!(!mask.frame(named).contains("another"));
        // What stands for no token is known to everybody.
        mask.hide(NO_TOKEN);
        assert!(mask.line(NO_TOKEN).contains("need"));
    }

    #[test]
    fn what_looks_like_a_token_is_hidden_in_any_text() {
        let signaling = format!("1:{}:1700000000:{}", "a".repeat(32), "b".repeat(32));
        let access = format!("006{}IAB+x/y==", "c".repeat(40));
        for token in [signaling, access, format!("007{}", "eJx".repeat(20))] {
            let line = Mask::default().line(&format!("try {token}, please"));
            assert_eq!(line, "try ***, please");
        }
        let line = Mask::default().line("GET /x?token=abc&vid=7 password: hunter2");
        assert_eq!(line, "GET /x?token=***&vid=7 password: ***");
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for frame in [
            r#"["ping", 7]"#,
            r#"["call2-ret",[38,"","{\"result\":\"failed\",\"code\":705,\"reason\":\"no\"}"]]"#,
            r#"[ "notify",["channel2","ops",1042,"msg-v3 1 ann - v1:E:0 channel_msg 17 {\"msg\":\"h\u00e9 {\"}"]]"#,
            r#"["login_ret",["","{\"resumed\":false,\"token\":\"\"}"]]"#,
            r#"["x",{"resume":null,"line":""}]"#,
        ] {
            assert_eq!(Mask::default().frame(frame), frame);
        }
        let line = "login refused code=204 reason=TokenErrorExpired at 12:00:07";
        assert_eq!(Mask::default().line(line), line);
    }

    #[test]
    fn json_in_json_is_followed_as_deep_as_it_goes() {
        let mut text = format!(r#"{{"token":"{SECRET}"}}"#);
        for _ in 0..12 {
            text = serde_json::json!([text]).to_string();
            assert!(!Mask::default().frame(&text).contains(SECRET), "{text}");
        }
    }
}
