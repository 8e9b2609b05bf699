//! Directories and files that only their owner may read, where the system has such a notion (Unix).

use std::fs::{self, DirBuilder, File, OpenOptions};
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

/// Opens a file for writing; where it is not there yet, it is made, with mode 0600.
///
/// # Errors
/// As the system says.
pub fn open(path: &Path) -> io::Result<File> {
    writing(0o600).create(true).truncate(false).open(path)
}

/// Makes an empty file of mode 0600. One that is there is not touched, not even opened.
///
/// # Errors
/// As the system says.
pub fn make_file(path: &Path) -> io::Result<()> {
    match writing(0o600).create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
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
    let mut file = writing(mode).create_new(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// How a file is opened for writing; `mode` is that of a new one.
fn writing(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
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
        make_file(&file).expect("made");
        open(&file)
            .and_then(|mut open| open.write_all(b"one"))
            .expect("written");
        make_file(&file).expect("there already");
        drop(open(&file).expect("opened"));
        assert_eq!(fs::read(&file).expect("read"), b"one");
        replace(&file, b"three").expect("replaced");
        assert_eq!(fs::read(&file).expect("read"), b"three");
        if cfg!(unix) {
            assert_eq!(mode(&inner).expect("read"), Some(0o700));
            assert_eq!(mode(&file).expect("read"), Some(0o600));
            let lock = inner.with_extension("lock");
            drop(open(&lock).expect("made"));
            assert_eq!(mode(&lock).expect("read"), Some(0o600));
        }
        assert_eq!(
            fs::read_dir(&inner).expect("read").count(),
            1,
            "nothing is left beside it"
        );
    }
}
