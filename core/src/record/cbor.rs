//! The restricted deterministic CBOR of FORMAT.md section 1 (RFC 8949 section 4.2.1).
//!
//! A [`Reader`] exists only over bytes that were checked whole, so every typed read after that is
//! a read of the one possible encoding: what was decoded encodes again to the same bytes.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, data::Type};

use crate::model::Hash;

/// Nesting of arrays that a decoder follows. The deepest structure that this version writes, a
/// scan or a continuing genesis shown with its salt, has 7.
pub const MAX_DEPTH: usize = 8;

/// Bytes that are not the deterministic CBOR expected here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// The bytes end inside an item.
    #[error("the data ends too early")]
    Truncated,
    /// Bytes stand behind the item.
    #[error("there are bytes behind the end")]
    Trailing,
    /// An integer or a length is not in its shortest form.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// A type that the format does not use: a map, tag, float, indefinite length or simple value.
    #[error("a type that the format does not use")]
    Forbidden,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// Arrays are nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// Another type, length or value than the format demands at this place.
    #[error("expected {0}")]
    Expected(&'static str),
}

/// Checks that `bytes` is exactly one item of the restricted deterministic encoding.
pub fn check(bytes: &[u8]) -> Result<(), CborError> {
    check_within(bytes, MAX_DEPTH)
}

fn check_within(bytes: &[u8], depth: usize) -> Result<(), CborError> {
    let mut rest = bytes;
    // How many items are still open at each level; a flat loop, so depth costs no stack.
    let mut open: Vec<u64> = vec![1];
    while let Some(remaining) = open.last_mut() {
        if *remaining == 0 {
            open.pop();
            continue;
        }
        *remaining -= 1;
        let (major, value) = head(&mut rest)?;
        match major {
            0 | 1 => {}
            2 => {
                take(&mut rest, value)?;
            }
            3 => {
                let text = take(&mut rest, value)?;
                std::str::from_utf8(text).map_err(|_| CborError::NotUtf8)?;
            }
            4 => {
                // Every element takes at least one byte: a count beyond the rest is a lie.
                if value > rest.len() as u64 {
                    return Err(CborError::Truncated);
                }
                if open.len() > depth {
                    return Err(CborError::TooDeep);
                }
                open.push(value);
            }
            7 if (20..=22).contains(&value) => {}
            _ => return Err(CborError::Forbidden),
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(CborError::Trailing) }
}

/// Major type and argument of the next item head, in its shortest form only.
fn head(rest: &mut &[u8]) -> Result<(u8, u64), CborError> {
    let (&first, tail) = rest.split_first().ok_or(CborError::Truncated)?;
    *rest = tail;
    let (major, info) = (first >> 5, first & 0x1f);
    let (value, smallest) = match info {
        0..=23 => return Ok((major, u64::from(info))),
        24 => (argument::<1>(rest)?, 24),
        25 => (argument::<2>(rest)?, 0x100),
        26 => (argument::<4>(rest)?, 0x1_0000),
        27 => (argument::<8>(rest)?, 0x1_0000_0000),
        _ => return Err(CborError::Forbidden),
    };
    // Simple values of two bytes and floats share these heads; the format uses none of them.
    if major == 7 {
        return Err(CborError::Forbidden);
    }
    if value < smallest { Err(CborError::NotShortest) } else { Ok((major, value)) }
}

fn argument<const N: usize>(rest: &mut &[u8]) -> Result<u64, CborError> {
    let (bytes, tail) = rest.split_first_chunk::<N>().ok_or(CborError::Truncated)?;
    *rest = tail;
    Ok(bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn take<'b>(rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], CborError> {
    let length = usize::try_from(length).map_err(|_| CborError::Truncated)?;
    let (bytes, tail) = rest.split_at_checked(length).ok_or(CborError::Truncated)?;
    *rest = tail;
    Ok(bytes)
}

/// Typed reads over bytes that [`check`] accepted.
#[derive(Debug, Clone)]
pub struct Reader<'b> {
    decoder: Decoder<'b>,
}

impl<'b> Reader<'b> {
    /// Checks `bytes` whole.
    pub fn new(bytes: &'b [u8]) -> Result<Self, CborError> {
        Self::within(bytes, MAX_DEPTH)
    }

    /// Checks `bytes` whole, with arrays nested at most `depth` deep.
    pub fn within(bytes: &'b [u8], depth: usize) -> Result<Self, CborError> {
        check_within(bytes, depth)?;
        Ok(Self { decoder: Decoder::new(bytes) })
    }

    /// An array of exactly `length` elements.
    pub fn array(&mut self, length: u64) -> Result<(), CborError> {
        if self.array_len()? == length {
            Ok(())
        } else {
            Err(CborError::Expected("an array of another length"))
        }
    }

    /// The length of an array.
    pub fn array_len(&mut self) -> Result<u64, CborError> {
        self.decoder.array().ok().flatten().ok_or(CborError::Expected("an array"))
    }

    /// The length of an array of at most `most` elements.
    pub fn list(&mut self, most: usize) -> Result<usize, CborError> {
        usize::try_from(self.array_len()?)
            .ok()
            .filter(|length| *length <= most)
            .ok_or(CborError::Expected("a shorter list"))
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.decoder.u64().map_err(|_| CborError::Expected("an unsigned integer"))
    }

    /// An unsigned integer of at most 32 bits.
    pub fn uint32(&mut self) -> Result<u32, CborError> {
        u32::try_from(self.uint()?).map_err(|_| CborError::Expected("a smaller integer"))
    }

    /// A signed integer of at most 64 bits.
    pub fn int(&mut self) -> Result<i64, CborError> {
        self.decoder.i64().map_err(|_| CborError::Expected("an integer"))
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'b [u8], CborError> {
        self.decoder.bytes().map_err(|_| CborError::Expected("a byte string"))
    }

    /// A byte string of exactly `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.bytes()?.try_into().map_err(|_| CborError::Expected("bytes of another length"))
    }

    /// A hash.
    pub fn hash(&mut self) -> Result<Hash, CborError> {
        self.fixed().map(Hash)
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'b str, CborError> {
        self.decoder.str().map_err(|_| CborError::Expected("a text"))
    }

    /// `true` or `false`.
    pub fn bool(&mut self) -> Result<bool, CborError> {
        self.decoder.bool().map_err(|_| CborError::Expected("true or false"))
    }

    /// `null`, or what `read` reads.
    pub fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CborError>,
    ) -> Result<Option<T>, CborError> {
        if self.next_is(Next::Null) {
            self.decoder.null().map_err(|_| CborError::Expected("null"))?;
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// A list of at most `most` elements.
    pub fn list_of<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, CborError>,
    ) -> Result<Vec<T>, CborError> {
        let length = self.list(most)?;
        (0..length).map(|_| read(self)).collect()
    }

    /// Whether the next item is of this sort.
    pub fn next_is(&self, next: Next) -> bool {
        match self.decoder.datatype() {
            Ok(Type::Null) => next == Next::Null,
            Ok(Type::Array) => next == Next::Array,
            Ok(Type::Bytes) => next == Next::Bytes,
            _ => false,
        }
    }

    /// The bytes of the next item, which is an array of anything.
    pub fn raw_array(&mut self) -> Result<&'b [u8], CborError> {
        if self.next_is(Next::Array) { self.raw() } else { Err(CborError::Expected("an array")) }
    }

    /// The bytes of the next item, whatever it is.
    pub fn raw(&mut self) -> Result<&'b [u8], CborError> {
        let start = self.decoder.position();
        self.decoder.skip().map_err(|_| CborError::Truncated)?;
        self.decoder.input().get(start..self.decoder.position()).ok_or(CborError::Truncated)
    }
}

/// Sorts of items that a format chooses between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// `null`.
    Null,
    /// An array.
    Array,
    /// A byte string.
    Bytes,
}

/// Writes the restricted deterministic encoding into memory, where nothing can fail.
#[derive(Debug)]
pub struct Writer {
    encoder: Encoder<Vec<u8>>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { encoder: Encoder::new(Vec::new()) }
    }
}

type Written = Result<(), minicbor::encode::Error<Infallible>>;

impl Writer {
    /// Everything written.
    pub fn finish(self) -> Vec<u8> {
        self.encoder.into_writer()
    }

    fn done(&mut self, write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) -> &mut Self {
        // Writing to a Vec cannot fail: the error type is Infallible.
        let written = write(&mut self.encoder);
        debug_assert!(written.is_ok());
        self
    }

    /// The head of an array; its elements follow.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.done(|encoder| encoder.array(length as u64).map(drop))
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.done(|encoder| encoder.u64(value).map(drop))
    }

    /// A signed integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.done(|encoder| encoder.i64(value).map(drop))
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.done(|encoder| encoder.bytes(value).map(drop))
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.done(|encoder| encoder.str(value).map(drop))
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.done(|encoder| encoder.bool(value).map(drop))
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        self.done(|encoder| encoder.null().map(drop))
    }

    /// `null`, or what `write` writes.
    pub fn optional<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T) -> &mut Self,
    ) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// A list of hashes.
    pub fn hashes(&mut self, hashes: &[Hash]) -> &mut Self {
        self.array(hashes.len());
        for hash in hashes {
            self.bytes(&hash.0);
        }
        self
    }

    /// One item that is already encoded.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.encoder.writer_mut().extend_from_slice(item);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_shortest_form_is_accepted() {
        assert_eq!(check(&[0x17]), Ok(()));
        assert_eq!(check(&[0x18, 0x17]), Err(CborError::NotShortest));
        assert_eq!(check(&[0x18, 0x18]), Ok(()));
        assert_eq!(check(&[0x19, 0x00, 0xff]), Err(CborError::NotShortest));
        assert_eq!(check(&[0x58, 0x01, 0x00]), Err(CborError::NotShortest));
        assert_eq!(check(&[0x3b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Err(CborError::NotShortest));
    }

    #[test]
    fn types_outside_the_format_are_refused() {
        for bytes in [
            &[0xa0][..],         // map
            &[0xc1, 0x00],       // tag
            &[0xf9, 0x3c, 0x00], // half float
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x9f, 0xff], // indefinite array
            &[0x5f, 0xff], // indefinite bytes
            &[0xf7],       // undefined
            &[0xf8, 0x20], // simple value
        ] {
            assert_eq!(check(bytes), Err(CborError::Forbidden), "{bytes:02x?}");
        }
    }

    #[test]
    fn lengths_that_lie_cost_nothing() {
        assert_eq!(
            check(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Err(CborError::Truncated)
        );
        assert_eq!(
            check(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Err(CborError::Truncated)
        );
        assert_eq!(check(&[0x81; 100_000]), Err(CborError::TooDeep));
        assert_eq!(check(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x80]), Ok(()));
        assert_eq!(
            check(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x80]),
            Err(CborError::TooDeep)
        );
        assert_eq!(check(&[]), Err(CborError::Truncated));
        assert_eq!(check(&[0x00, 0x00]), Err(CborError::Trailing));
        assert_eq!(check(&[0x61, 0xff]), Err(CborError::NotUtf8));
    }

    fn again(from: &mut Decoder<'_>, to: &mut Encoder<Vec<u8>>) {
        match from.datatype().unwrap() {
            Type::Array => {
                let length = from.array().unwrap().unwrap();
                to.array(length).unwrap();
                (0..length).for_each(|_| again(from, to));
            }
            Type::Bytes => drop(to.bytes(from.bytes().unwrap()).unwrap()),
            Type::String => drop(to.str(from.str().unwrap()).unwrap()),
            Type::Bool => drop(to.bool(from.bool().unwrap()).unwrap()),
            Type::Null => {
                from.null().unwrap();
                to.null().unwrap();
            }
            _ => drop(to.int(from.int().unwrap()).unwrap()),
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_encodes_again_to_itself(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if check(&bytes).is_ok() {
                // The oracle is minicbor's own reading, written again.
                let mut writer = Encoder::new(Vec::new());
                again(&mut Decoder::new(&bytes), &mut writer);
                prop_assert_eq!(writer.into_writer(), bytes);
            }
        }

        #[test]
        fn what_is_written_is_accepted(uint: u64, int: i64, bytes: Vec<u8>, text: String, flag: bool) {
            let mut writer = Writer::default();
            writer.array(6).uint(uint).int(int).bytes(&bytes).text(&text).bool(flag).null();
            let written = writer.finish();
            let mut reader = Reader::new(&written).unwrap();
            reader.array(6).unwrap();
            prop_assert_eq!(reader.uint().unwrap(), uint);
            prop_assert_eq!(reader.int().unwrap(), int);
            prop_assert_eq!(reader.bytes().unwrap(), &bytes[..]);
            prop_assert_eq!(reader.text().unwrap(), text);
            prop_assert_eq!(reader.bool().unwrap(), flag);
            prop_assert_eq!(reader.optional(Reader::uint).unwrap(), None);
        }
    }
}
