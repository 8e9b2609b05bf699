//! What people write: links and rooms in it can be clicked, and its numbers are laid out apart from what runs the other way.

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};

use crate::protocol::ChannelName;

/// A part of a line that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// An address that a browser opens.
    Link(&'a str),
    /// A room, with its sign, that one can join.
    Room(&'a str, ChannelName),
}

/// The parts of a line. What stands between two of them belongs to the words.
pub(super) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(rest) = line.get(at..) {
        let Some(next) = rest.chars().next() else {
            break;
        };
        let before = line[..at].chars().next_back();
        let boundary = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '#' | '/' | '&'));
        match boundary.then(|| clickable(rest)).flatten() {
            Some((length, piece)) => {
                if begin < at {
                    pieces.push(Piece::Words(&line[begin..at]));
                }
                pieces.push(piece);
                at += length;
                begin = at;
            }
            None => at += next.len_utf8(),
        }
    }
    if begin < line.len() {
        pieces.push(Piece::Words(&line[begin..]));
    }
    pieces
}

/// What can be clicked at the beginning of a text, and how long it is.
fn clickable(text: &str) -> Option<(usize, Piece<'_>)> {
    let word = text.split(char::is_whitespace).next()?;
    let word = without_stop(word);
    if let Some(name) = word.strip_prefix('#') {
        // `#12` is a number of something, and `#` alone is nothing.
        let letters = name.chars().any(char::is_alphabetic);
        let room = ChannelName::try_from(name).ok().filter(|_| letters)?;
        return Some((word.len(), Piece::Room(word, room)));
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| starts_with(word, scheme))?;
    (word.len() > scheme.len()).then_some((word.len(), Piece::Link(word)))
}

fn starts_with(word: &str, scheme: &str) -> bool {
    word.get(..scheme.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
}

/// Without the marks that end a sentence, and a bracket that was opened before.
fn without_stop(mut word: &str) -> &str {
    loop {
        let Some(last) = word.chars().next_back() else {
            return word;
        };
        let opened = |open: char, close: char| {
            let count = |which| word.chars().filter(|c| *c == which).count();
            last == close && count(close) > count(open)
        };
        let stop = matches!(
            last,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | '»' | '”' | '’' | '…' | '>'
        );
        let stop = stop || opened('(', ')') || opened('[', ']') || opened('{', '}');
        if !stop {
            return word;
        }
        word = &word[..word.len() - last.len_utf8()];
    }
}

/// Adds words to a text. Numbers of scripts that run from right to left get runs of their own: the letters around them would
/// turn them around, since there is no layout for both directions.
pub(super) fn append(job: &mut LayoutJob, words: &str, format: &TextFormat) {
    let mut begin = 0;
    for (at, c) in words.char_indices() {
        let (digit, before) = (is_digit(c), words[..at].chars().next_back());
        let was = before.is_some_and(is_digit);
        // Of these even two in one run would be turned around.
        let alone = matches!(c, '\u{6F0}'..='\u{6F9}');
        if at > begin && (digit != was || alone) {
            section(job, &words[begin..at], format);
            begin = at;
        }
    }
    if begin < words.len() || words.is_empty() {
        section(job, &words[begin..], format);
    }
}

/// Adds words as a run of their own; a job would put those that look alike into one.
fn section(job: &mut LayoutJob, words: &str, format: &TextFormat) {
    let begin = job.text.len();
    job.text.push_str(words);
    job.sections.push(LayoutSection {
        leading_space: 0.0,
        byte_range: ByteIndex(begin)..ByteIndex(job.text.len()),
        format: format.clone(),
    });
}

/// Whether it is a digit of a script that runs from right to left.
fn is_digit(c: char) -> bool {
    matches!(c, '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}' | '\u{7C0}'..='\u{7C9}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        let pieces = pieces(line);
        let whole: String = pieces.iter().map(|piece| text(piece)).collect();
        assert_eq!(whole, line, "nothing is lost");
        let clickable = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Words(_) => None,
            Piece::Link(text) | Piece::Room(text, _) => Some(text),
        });
        clickable.collect()
    }

    fn text<'a>(piece: &Piece<'a>) -> &'a str {
        match piece {
            Piece::Words(text) | Piece::Link(text) | Piece::Room(text, _) => text,
        }
    }

    #[test]
    fn links_end_before_the_sentence_does() {
        for (line, links) in [
            ("nothing here", vec![]),
            (
                "see https://ci.example.org/1184.",
                vec!["https://ci.example.org/1184"],
            ),
            ("(http://a.b/c_(d))", vec!["http://a.b/c_(d)"]),
            ("HTTPS://A.B, http://c?", vec!["HTTPS://A.B", "http://c"]),
            ("https:// and xhttp://no", vec![]),
            ("看https://例子.com/路 吧", vec![]),
            ("看 https://例子.com/路 吧", vec!["https://例子.com/路"]),
        ] {
            assert_eq!(found(line), links, "{line}");
        }
    }

    #[test]
    fn rooms_begin_with_their_sign() {
        for (line, rooms) in [
            ("join me in #ops!", vec!["#ops"]),
            ("#发布, then #a-b.", vec!["#发布", "#a-b"]),
            ("issue #12, # alone, C#x, a/#b, ##", vec![]),
        ] {
            assert_eq!(found(line), rooms, "{line}");
        }
        let room = ChannelName::try_from("ops").expect("a room");
        assert_eq!(pieces("#ops"), [Piece::Room("#ops", room)]);
    }

    #[test]
    fn numbers_that_letters_would_turn_around_stand_apart() {
        for (words, sections) in [("", 1), ("12 on", 1), ("في ٢٠٢٦ عام", 3), ("سال ۱۲", 3)]
        {
            let mut job = LayoutJob::default();
            append(&mut job, words, &TextFormat::default());
            assert_eq!(job.text, words);
            assert_eq!(job.sections.len(), sections, "{words}");
        }
    }
}
