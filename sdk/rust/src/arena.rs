//! The guest's allocator: a fixed arena first, the ordinary heap when that is full.
//!
//! The ordinary heap begins by growing the memory, which costs the host two calls into its kernel in every run. Most runs
//! need a few kilobytes, so those come out of memory that the instance has anyway. Only guests have this allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};

/// Bytes that a run may need before the heap begins.
const ARENA_BYTES: usize = 48 << 10;

#[repr(align(16))]
struct Room(UnsafeCell<[u8; ARENA_BYTES]>);

/// Hands out the room from its start; what is given back is reused only where it was handed out last.
struct Arena {
    room: Room,
    used: Cell<usize>,
}

// SAFETY: a guest has one thread.
unsafe impl Sync for Arena {}

#[global_allocator]
static ALLOCATOR: Arena = Arena { room: Room(UnsafeCell::new([0; ARENA_BYTES])), used: Cell::new(0) };

impl Arena {
    fn start(&self) -> *mut u8 {
        self.room.0.get().cast()
    }

    /// Where in the room a block begins; none for a block of the heap.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        let offset = (block as usize).wrapping_sub(self.start() as usize);
        (offset < ARENA_BYTES).then_some(offset)
    }
}

// SAFETY: blocks of the room do not overlap, because `used` only falls back to the start of the block handed out last;
// they are aligned as asked, because the room is aligned to 16 and larger alignments go to the heap; everything else is
// the heap's.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let from = self.used.get().next_multiple_of(layout.align());
        match from.checked_add(layout.size()) {
            Some(until) if until <= ARENA_BYTES && layout.align() <= 16 => {
                self.used.set(until);
                self.start().wrapping_add(from)
            }
            // SAFETY: the caller's promise is passed on as it is.
            _ => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match self.offset(block) {
            Some(offset) if offset + layout.size() == self.used.get() => self.used.set(offset),
            Some(_) => {}
            // SAFETY: what is not of the room came from the heap.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(offset) = self.offset(block) else {
            // SAFETY: what is not of the room came from the heap.
            return unsafe { System.realloc(block, layout, size) };
        };
        let last = offset + layout.size() == self.used.get();
        if last && offset.checked_add(size).is_some_and(|until| until <= ARENA_BYTES) {
            self.used.set(offset + size);
            return block;
        }
        // SAFETY: the size is not zero and does not overflow with this alignment, as the caller promises.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks are at least so long, and the new one is another.
            unsafe { std::ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
        }
        new
    }
}
