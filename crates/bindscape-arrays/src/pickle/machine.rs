//! The instructions of a pickle that build dictionaries, tuples, text and integers; and,
//! where they are asked for, those that describe objects (`objects`).

mod objects;

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::path::Path;

use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input;

/// Bytes of the longest pickle read: ten times that of 2.5 million regions.
const MAX_BYTES: u64 = 1 << 30;

/// Bytes of the longest text.
const MAX_TEXT: u32 = 1 << 16;

/// A value, by its place in the tables of [`Loaded`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Text(u32),
    Tuple {
        first: u32,
        length: u32,
    },
    Dictionary(u32),
    /// Python's `None`. This and what follows are of [`Dialect::Objects`] alone.
    Nothing,
    Bool(bool),
    /// The bits of a 64-bit number.
    Float(u64),
    Bytes,
    List(u32),
    /// A class or function, by its name `module name`.
    Global(u32),
    Object(u32),
    /// What lies outside of the pickle, under this identification.
    Persistent(u32),
}

impl Value {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Value::Integer(_) => "an integer",
            Value::Text(_) => "text",
            Value::Tuple { .. } => "a tuple of other content",
            Value::Dictionary(_) => "a dictionary",
            Value::Nothing => "None",
            Value::Bool(_) => "a truth value",
            Value::Float(_) => "a number",
            Value::Bytes => "bytes",
            Value::List(_) => "a list",
            Value::Global(_) => "a class or function",
            Value::Object(_) => "an object",
            Value::Persistent(_) => "a reference",
        }
    }
}

/// Which instructions are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Those of dictionaries, tuples, text and integers.
    Plain,
    /// Also those of other plain values, and of objects, which are noted down (class,
    /// arguments, state) and never made.
    Objects,
}

/// An object as its pickle describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object {
    /// Place of its class or function's name among the texts.
    pub(crate) class: u32,
    pub(crate) arguments: Value,
    pub(crate) state: Option<Value>,
}

/// What a pickle builds.
#[derive(Debug, Default)]
struct Tables {
    texts: Vec<String>,
    places: HashMap<String, u32>,
    items: Vec<Value>,
    dictionaries: Vec<Vec<(Value, Value)>>,
    lists: Vec<Vec<Value>>,
    objects: Vec<Object>,
    persistent: Vec<Value>,
}

/// A finished pickle.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) root: Value,
    pub(crate) texts: Vec<String>,
    /// Items of the tuples, one tuple after the other.
    pub(crate) items: Vec<Value>,
    pub(crate) dictionaries: Vec<Vec<(Value, Value)>>,
    pub(crate) lists: Vec<Vec<Value>>,
    pub(crate) objects: Vec<Object>,
    pub(crate) persistent: Vec<Value>,
}

/// Runs the pickle that `reader` holds.
pub(crate) fn run(reader: impl BufRead, path: &Path, dialect: Dialect) -> Result<Loaded> {
    let mut machine = Machine {
        dialect,
        reader: reader.take(MAX_BYTES),
        path,
        position: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        sparse_memo: HashMap::new(),
        tables: Tables::default(),
    };
    loop {
        let at = machine.position;
        let [opcode] = machine.bytes::<1>()?;
        if opcode == b'.' {
            let root = machine.pop()?;
            return Ok(Loaded {
                root,
                texts: machine.tables.texts,
                items: machine.tables.items,
                dictionaries: machine.tables.dictionaries,
                lists: machine.tables.lists,
                objects: machine.tables.objects,
                persistent: machine.tables.persistent,
            });
        }
        machine.step(opcode, at)?;
    }
}

struct Machine<'a, R> {
    dialect: Dialect,
    reader: std::io::Take<R>,
    path: &'a Path,
    position: u64,
    stack: Vec<Value>,
    marks: Vec<usize>,
    /// Python numbers memo entries in order; others go to `sparse_memo`.
    memo: Vec<Value>,
    sparse_memo: HashMap<u32, Value>,
    tables: Tables,
}

impl<R: BufRead> Machine<'_, R> {
    fn step(&mut self, opcode: u8, at: u64) -> Result<()> {
        match opcode {
            // PROTO and FRAME describe the format; neither builds anything.
            0x80 => {
                let [version] = self.bytes()?;
                if version > 5 {
                    return Err(self.bad("protocol 5 or older", format!("protocol {version}")));
                }
            }
            0x95 => {
                self.bytes::<8>()?;
            }
            b'}' => {
                let number = self.number_of(self.tables.dictionaries.len())?;
                self.tables.dictionaries.push(Vec::new());
                self.stack.push(Value::Dictionary(number));
            }
            b'(' => self.marks.push(self.stack.len()),
            b'K' => {
                let [value] = self.bytes()?;
                self.stack.push(Value::Integer(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(self.bytes()?);
                self.stack.push(Value::Integer(value.into()));
            }
            b'J' => {
                let value = i32::from_le_bytes(self.bytes()?);
                self.stack.push(Value::Integer(value.into()));
            }
            0x8a => self.long()?,
            b'X' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.text(length)?;
            }
            0x8c => {
                let [length] = self.bytes()?;
                self.text(length.into())?;
            }
            b'q' => {
                let [place] = self.bytes()?;
                self.remember(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.bytes()?);
                self.remember(place)?;
            }
            0x94 => {
                let place = self.number_of(self.memo.len())?;
                self.remember(place)?;
            }
            b'h' => {
                let [place] = self.bytes()?;
                self.recall(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.bytes()?);
                self.recall(place)?;
            }
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let mark = self.mark()?;
                self.tuple(self.stack.len() - mark)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(&[(key, value)])?;
            }
            b'u' => {
                let mark = self.mark()?;
                let pairs: Vec<Value> = self.stack.drain(mark..).collect();
                if !pairs.len().is_multiple_of(2) {
                    return Err(self.bad("keys with values", "a key without a value"));
                }
                let pairs: Vec<(Value, Value)> = pairs
                    .chunks_exact(2)
                    .map(|pair| (pair[0], pair[1]))
                    .collect();
                self.insert(&pairs)?;
            }
            other if self.dialect == Dialect::Objects => return self.object_step(other, at),
            other => return Err(self.refuse(other, at)),
        }
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        let mut filled = 0;
        while filled < out.len() {
            match self.reader.read(&mut out[filled..]) {
                Ok(0) => {
                    self.position += filled as u64;
                    return Err(self
                        .bad("the rest of a pickle", "its end")
                        .hint("the file is truncated: download or copy it again"));
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(input::read_error(self.path, error)),
            }
        }
        self.position += filled as u64;
        Ok(())
    }

    fn long(&mut self) -> Result<()> {
        let [length] = self.bytes()?;
        let mut bytes = vec![0; length.into()];
        self.fill(&mut bytes)?;
        // Two's complement, little-endian: what goes beyond 64 bits must repeat the sign.
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let sign = if negative { 0xff } else { 0 };
        let mut low = [sign; 8];
        for (place, &byte) in bytes.iter().enumerate() {
            match low.get_mut(place) {
                Some(slot) => *slot = byte,
                None if byte == sign => {}
                None => return Err(self.bad("an integer of 64 bits", "a larger one")),
            }
        }
        let value = i64::from_le_bytes(low);
        if (value < 0) != negative {
            return Err(self.bad("an integer of 64 bits", "a larger one"));
        }
        self.stack.push(Value::Integer(value));
        Ok(())
    }

    fn text(&mut self, length: u32) -> Result<()> {
        if length > MAX_TEXT {
            return Err(self.bad(
                format!("names of at most {MAX_TEXT} bytes"),
                format!("one of {length}"),
            ));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| self.bad("UTF-8", "other bytes"))?;
        let place = self.place_of_text(text)?;
        self.stack.push(Value::Text(place));
        Ok(())
    }

    /// Place of `text` among the texts, each of which is kept once.
    fn place_of_text(&mut self, text: String) -> Result<u32> {
        if let Some(&place) = self.tables.places.get(&text) {
            return Ok(place);
        }
        let place = self.number_of(self.tables.texts.len())?;
        self.tables.texts.push(text.clone());
        self.tables.places.insert(text, place);
        Ok(place)
    }

    fn remember(&mut self, place: u32) -> Result<()> {
        let value = *self.top()?;
        match (place as usize).cmp(&self.memo.len()) {
            std::cmp::Ordering::Less => self.memo[place as usize] = value,
            std::cmp::Ordering::Equal => self.memo.push(value),
            std::cmp::Ordering::Greater => {
                self.sparse_memo.insert(place, value);
            }
        }
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<()> {
        let value = self
            .memo
            .get(place as usize)
            .or_else(|| self.sparse_memo.get(&place))
            .copied()
            .ok_or_else(|| self.bad("a value remembered before", format!("memo entry {place}")))?;
        self.stack.push(value);
        Ok(())
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let from = self
            .stack
            .len()
            .checked_sub(length)
            .filter(|&from| from >= floor)
            .ok_or_else(|| self.bad("the items of a tuple", "an empty stack"))?;
        let first = self.number_of(self.tables.items.len())?;
        let length = self.number_of(length)?;
        self.tables.items.extend(self.stack.drain(from..));
        self.stack.push(Value::Tuple { first, length });
        Ok(())
    }

    fn insert(&mut self, pairs: &[(Value, Value)]) -> Result<()> {
        match *self.top()? {
            Value::Dictionary(number) => {
                self.tables.dictionaries[number as usize].extend_from_slice(pairs);
            }
            // Items of an object that is a dictionary of its own kind.
            Value::Object(_) => {}
            other => return Err(self.bad("a dictionary to add to", other.kind())),
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<usize> {
        self.marks
            .pop()
            .ok_or_else(|| self.bad("a mark set before", "none"))
    }

    fn top(&self) -> Result<&Value> {
        // What lies below a mark is out of reach, as it is in Python.
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(value) if self.stack.len() > floor => Ok(value),
            _ => Err(self.bad("a value", "an empty stack")),
        }
    }

    fn pop(&mut self) -> Result<Value> {
        let value = *self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn number_of(&self, count: usize) -> Result<u32> {
        u32::try_from(count).map_err(|_| self.bad("fewer than 2^32 values", "more"))
    }

    fn bad(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::input(self.path, Place::Byte(self.position), expected, found).hint(
            match self.dialect {
                Dialect::Plain => "the file is corrupted, or no pickle of a plain dictionary",
                Dialect::Objects => "the file is corrupted, or of another program",
            },
        )
    }

    fn refuse(&self, opcode: u8, at: u64) -> Error {
        let found = match name(opcode) {
            Some(name) => format!("the instruction {name}"),
            None => format!("the byte 0x{opcode:02x}, which is no instruction"),
        };
        if self.dialect == Dialect::Objects {
            return Error::input(
                self.path,
                Place::Byte(at),
                "a pickle of tensors and plain values",
                found,
            )
            .hint("save a state_dict of tensors with `torch.save`");
        }
        Error::input(
            self.path,
            Place::Byte(at),
            "a pickle of a plain dictionary with text, integers and tuples",
            found,
        )
        .hint(match name(opcode) {
            Some(
                "GLOBAL" | "STACK_GLOBAL" | "REDUCE" | "BUILD" | "INST" | "OBJ" | "NEWOBJ"
                | "NEWOBJ_EX" | "PERSID" | "BINPERSID" | "EXT1" | "EXT2" | "EXT4",
            ) => {
                "nothing was run: bindscape executes no code from pickles. Save a dictionary \
                 with plain str and int (numpy integers through int())"
            }
            Some(_) => "save a plain dictionary with pickle protocol 2 to 5",
            None => "is it a pickle? It may also be corrupted",
        })
    }
}

/// Names of the instructions that are refused (Python's `pickletools.opcodes`).
fn name(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        b'c' => "GLOBAL",
        0x93 => "STACK_GLOBAL",
        b'R' => "REDUCE",
        b'b' => "BUILD",
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        b'P' => "PERSID",
        b'Q' => "BINPERSID",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        b'0' => "POP",
        b'1' => "POP_MARK",
        b'2' => "DUP",
        b'F' => "FLOAT",
        b'G' => "BINFLOAT",
        b'I' => "INT",
        b'L' => "LONG",
        0x8b => "LONG4",
        b'N' => "NONE",
        0x88 => "NEWTRUE",
        0x89 => "NEWFALSE",
        b'S' => "STRING",
        b'T' => "BINSTRING",
        b'U' => "SHORT_BINSTRING",
        b'V' => "UNICODE",
        0x8d => "BINUNICODE8",
        b'B' => "BINBYTES",
        b'C' => "SHORT_BINBYTES",
        0x8e => "BINBYTES8",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        b'a' => "APPEND",
        b'e' => "APPENDS",
        b'l' => "LIST",
        b']' => "EMPTY_LIST",
        b'd' => "DICT",
        b')' => "EMPTY_TUPLE",
        b'g' => "GET",
        b'p' => "PUT",
        0x8f => "EMPTY_SET",
        0x90 => "ADDITEMS",
        0x91 => "FROZENSET",
        _ => return None,
    })
}
