//! Directories and files that only their owner may read, where the system has such a notion (Unix).

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a directory of mode 0700, with all above it, unless it is there already.
///
/// # Errors
/// As the system says; also where a file of that name is in the way.
pub fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Writes a file of mode 0600, which must not exist yet.
///
/// # Errors
/// As the system says; [`io::ErrorKind::AlreadyExists`] where it does.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    create(path, 0o600, content)
}

/// Puts a file of mode 0600 in the place of another or of none, wholly or not at all.
///
/// # Errors
/// As the system says.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with_mode(path, 0o600, content)
}

/// Likewise, but for a file that everybody may read, as a certificate is.
///
/// # Errors
/// As the system says.
pub fn replace_public(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with_mode(path, 0o644, content)
}

/// The permission bits of a file or directory; `None` where the system has none.
///
/// # Errors
/// As the system says.
pub fn mode(path: &Path) -> io::Result<Option<u32>> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(Some(metadata.permissions().mode() & 0o777))
    }
    #[cfg(not(unix))]
    {
        drop(metadata);
        Ok(None)
    }
}

fn replace_with_mode(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = Path::new(&name);
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    create(beside, mode, content)?;
    fs::rename(beside, path)
}

fn create(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let inner = dir.path().join("a/b");
        make_directory(&inner).expect("made");
        make_directory(&inner).expect("there already");
        let file = inner.join("secret");
        write_new(&file, b"one").expect("written");
        let again = write_new(&file, b"two").expect_err("it exists");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        replace(&file, b"three").expect("replaced");
        assert_eq!(fs::read(&file).expect("read"), b"three");
        if cfg!(unix) {
            assert_eq!(mode(&inner).expect("read"), Some(0o700));
            assert_eq!(mode(&file).expect("read"), Some(0o600));
        }
        assert_eq!(
            fs::read_dir(&inner).expect("read").count(),
            1,
            "nothing is left beside it"
        );
    }
}
