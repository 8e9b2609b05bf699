//! Codes (stub to be completed).
/// A code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Code {
    /// 202
    LoginFailed = 202,
    /// 209
    LoginInvalidUser = 209,
    /// 1002
    GeneralUnknown = 1002,
    /// 1004
    GeneralWrongParam = 1004,
    /// 1005
    GeneralLargeParam = 1005,
}
