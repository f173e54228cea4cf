//! Where a block's bytes are: in a file, or, for fuzzing, in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that are read by place.
#[derive(Debug)]
pub(super) enum Source {
    File(File),
    Bytes(Vec<u8>),
}

impl Source {
    /// How many bytes there are.
    pub(super) fn len(&self) -> io::Result<u64> {
        match self {
            Source::File(file) => Ok(file.metadata()?.len()),
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// The bytes at a place. The caller has seen to it that their number is believable.
    pub(super) fn read(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        match self {
            Source::File(file) => {
                let mut buffer = vec![0; bytes];
                file.read_exact_at(&mut buffer, at)?;
                Ok(buffer)
            }
            Source::Bytes(all) => {
                let rest = usize::try_from(at).ok().and_then(|at| all.get(at..));
                let found = rest.and_then(|rest| rest.get(..bytes));
                found.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}
