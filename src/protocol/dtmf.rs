//! The keys of a telephone's pad.

/// One DTMF key (ITU-T Q.23): the digits, `*`, `#` and the four letters that only old equipment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dtmf(char);

impl Dtmf {
    /// Every key, in the order of the pad, row by row.
    pub const ALL: [Self; 16] = [
        Self('1'),
        Self('2'),
        Self('3'),
        Self('A'),
        Self('4'),
        Self('5'),
        Self('6'),
        Self('B'),
        Self('7'),
        Self('8'),
        Self('9'),
        Self('C'),
        Self('*'),
        Self('0'),
        Self('#'),
        Self('D'),
    ];

    /// The key of a character; small letters count as capital ones.
    #[must_use]
    pub fn from_char(character: char) -> Option<Self> {
        let key = Self(character.to_ascii_uppercase());
        Self::ALL.contains(&key).then_some(key)
    }

    /// What stands on the key.
    #[must_use]
    pub fn label(self) -> char {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pad_has_sixteen_keys_and_no_others() {
        assert_eq!(Dtmf::from_char('#').map(Dtmf::label), Some('#'));
        assert_eq!(Dtmf::from_char('d').map(Dtmf::label), Some('D'));
        assert_eq!(Dtmf::from_char('E'), None);
        assert_eq!(Dtmf::from_char('+'), None);
    }
}
