//! An append-only log of framed records in numbered segments: `events/00000001.log`, `events/00000002.log`, …
//!
//! Knows nothing of what a record means. Invariant: only the newest segment is ever written to, and a segment is synced
//! before the next one is begun, so only the newest can have a torn end; that end is cut off when the log opens. Whatever
//! else does not check is left where it lies, reported, and skipped. Whole segments can be dropped from the old end.

pub(crate) mod frame;

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ballast_ports::StoreError;

use frame::{BODY_BYTES_MAX, Found, Frame, frames, write_frame};

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the segment.
    pub(crate) segment: u32,
    /// Offset of its frame.
    pub(crate) start: u32,
    /// Offset after its frame.
    pub(crate) end: u32,
}

/// What a scan of the whole log found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Records that check.
    pub(crate) records: u64,
    /// Position of the last.
    pub(crate) last: u64,
    /// What does not check, one sentence each.
    pub(crate) damaged: Vec<String>,
}

/// The writing end.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    segment_bytes_max: u64,
    segment: u32,
    file: File,
    /// Length of the newest segment with what is still pending.
    length: u64,
    pending: Vec<u8>,
    dirty: bool,
}

impl Log {
    /// Opens or creates a log and shows every record that checks to `visit`, in order.
    pub(crate) fn open(
        folder: &Path,
        segment_bytes_max: u64,
        mut visit: impl FnMut(Place, &Frame<'_>) -> Result<(), StoreError>,
    ) -> Result<(Log, Scan), StoreError> {
        fs::create_dir_all(folder).map_err(io("create", folder))?;
        let mut scan = Scan::default();
        let numbers = segments(folder)?;
        let newest = numbers.last().copied().unwrap_or(1);
        let mut length = 0;
        for number in numbers {
            length = scan_segment(folder, number, number == newest, &mut scan, &mut visit)?;
        }
        let path = segment_path(folder, newest);
        let mut file = writable(&path)?;
        cut(&mut file, &path, length)?;
        sync_folder(folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
        let folder = folder.to_owned();
        let log = Log {
            folder,
            segment_bytes_max,
            segment: newest,
            file,
            length,
            pending: Vec::new(),
            dirty: false,
        };
        Ok((log, scan))
    }

    /// Takes a record to be written; returns its place and its checksum.
    pub(crate) fn append(&mut self, position: u64, body: &[u8]) -> Result<(Place, u32), StoreError> {
        if self.length >= self.segment_bytes_max {
            self.rotate()?;
        }
        let start = self.length;
        let before = self.pending.len();
        let crc = write_frame(&mut self.pending, position, body);
        self.length += (self.pending.len() - before) as u64;
        Ok((Place { segment: self.segment, start: offset(start)?, end: offset(self.length)? }, crc))
    }

    /// Hands all that was appended to the operating system: readers see it now, a loss of power may still take it.
    pub(crate) fn write(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.dirty = true;
        self.file
            .write_all(&self.pending)
            .map_err(io("append to", &segment_path(&self.folder, self.segment)))?;
        self.pending.clear();
        Ok(())
    }

    /// Makes all that was written outlive a loss of power.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if self.dirty {
            self.file.sync_data().map_err(io("sync", &segment_path(&self.folder, self.segment)))?;
            self.dirty = false;
        }
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), StoreError> {
        self.write()?;
        self.sync()?;
        self.segment += 1;
        self.file = writable(&segment_path(&self.folder, self.segment))?;
        self.length = 0;
        sync_folder(&self.folder)
    }
}

/// Refuses a body that no frame may have.
pub(crate) fn check_size(what: &str, body: &[u8]) -> Result<(), StoreError> {
    if body.len() <= BODY_BYTES_MAX {
        return Ok(());
    }
    let reason = format!("{} bytes, at most {BODY_BYTES_MAX} are allowed", body.len());
    Err(StoreError::Io {
        action: format!("append {what}"),
        source: std::io::Error::new(std::io::ErrorKind::InvalidInput, reason),
    })
}

/// The bytes from one offset of a segment to another; fewer where the segment is shorter.
pub(crate) fn read_span(folder: &Path, segment: u32, start: u32, end: u32) -> Result<Vec<u8>, StoreError> {
    let path = segment_path(folder, segment);
    let mut file = File::open(&path).map_err(io("open", &path))?;
    file.seek(SeekFrom::Start(u64::from(start))).map_err(io("read", &path))?;
    let mut bytes = Vec::with_capacity(usize::try_from(end.saturating_sub(start)).unwrap_or(0));
    file.take(u64::from(end.saturating_sub(start))).read_to_end(&mut bytes).map_err(io("read", &path))?;
    Ok(bytes)
}

/// An error of the operating system on a path.
pub(crate) fn io(action: &str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let action = format!("{action} {}", path.display());
    move |source| StoreError::Io { action, source }
}

fn scan_segment(
    folder: &Path,
    number: u32,
    newest: bool,
    scan: &mut Scan,
    visit: &mut impl FnMut(Place, &Frame<'_>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let path = segment_path(folder, number);
    let bytes = fs::read(&path).map_err(io("read", &path))?;
    for found in frames(&bytes) {
        match found {
            Found::Frame(frame) if frame.position <= scan.last => {
                scan.damaged.push(format!("{}: record {} is there twice", path.display(), frame.position));
            }
            Found::Frame(frame) => {
                note_gap(scan, frame.position, &path);
                scan.last = frame.position;
                scan.records += 1;
                let (start, end) = (offset(frame.range.start as u64)?, offset(frame.range.end as u64)?);
                visit(Place { segment: number, start, end }, &frame)?;
            }
            Found::Damage(range) if newest && range.end == bytes.len() => {
                let (start, end) = (range.start, range.end);
                scan.damaged.push(format!("{}: cut off a torn end, bytes {start} to {end}", path.display()));
                return Ok(start as u64);
            }
            Found::Damage(range) => {
                let (start, end) = (range.start, range.end);
                scan.damaged.push(format!("{}: bytes {start} to {end} do not check", path.display()));
            }
        }
    }
    Ok(bytes.len() as u64)
}

/// The first record may have any position: older segments may have been dropped.
fn note_gap(scan: &mut Scan, position: u64, path: &Path) {
    let missing = scan.last + 1;
    if scan.last > 0 && position > missing {
        scan.damaged.push(format!("{}: records {missing} to {} are missing", path.display(), position - 1));
    }
}

fn segments(folder: &Path) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(io("list", folder))? {
        let name = entry.map_err(io("list", folder))?.file_name();
        let number: Option<u32> =
            name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|stem| stem.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

fn writable(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().append(true).create(true).open(path).map_err(io("open", path))
}

fn cut(file: &mut File, path: &Path, length: u64) -> Result<(), StoreError> {
    if file.metadata().map_err(io("read", path))?.len() > length {
        file.set_len(length).map_err(io("cut", path))?;
        file.sync_data().map_err(io("sync", path))?;
    }
    Ok(())
}

/// A file that was created is there after a loss of power only once its folder is synced.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("sync", folder))
}

fn offset(value: u64) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| StoreError::Corrupt("a segment is larger than 4 GiB".to_owned()))
}
