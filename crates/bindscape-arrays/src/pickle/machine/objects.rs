//! The instructions of plain values other than text and integers, and of objects, which
//! are described and never made: nothing that a pickle names is run.

use std::io::BufRead;

use super::{Machine, Object, Value};
use bindscape_base::error::Result;

impl<R: BufRead> Machine<'_, R> {
    /// Carries out an instruction that plain dictionaries do not need.
    pub(super) fn object_step(&mut self, opcode: u8, at: u64) -> Result<()> {
        match opcode {
            b'N' => self.stack.push(Value::Nothing),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'G' => {
                let bits = u64::from_be_bytes(self.bytes()?);
                self.stack.push(Value::Float(bits));
            }
            b')' => self.tuple(0)?,
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                let mark = self.mark()?;
                self.stack.truncate(mark);
            }
            b'2' => {
                let value = *self.top()?;
                self.stack.push(value);
            }
            b'C' => {
                let [length] = self.bytes()?;
                self.skip(length.into())?;
            }
            b'B' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.skip(length.into())?;
            }
            0x8e => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.skip(length)?;
            }
            // Sets are lists here: neither is looked into for its order.
            b']' | 0x8f => self.list(Vec::new())?,
            b'a' => {
                let value = self.pop()?;
                self.extend(&[value])?;
            }
            b'e' | 0x90 => {
                let mark = self.mark()?;
                let values: Vec<Value> = self.stack.drain(mark..).collect();
                self.extend(&values)?;
            }
            b'l' | 0x91 => {
                let mark = self.mark()?;
                let values = self.stack.drain(mark..).collect();
                self.list(values)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(&module, &name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(name), Value::Text(module)) = (name, module) else {
                    return Err(self.bad("the name of a class", name.kind()));
                };
                let text = |place: u32| self.tables.texts[place as usize].clone();
                let (module, name) = (text(module), text(name));
                self.global(&module, &name)?;
            }
            b'R' | 0x81 => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.object(class, arguments)?;
            }
            0x92 => {
                let (_, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.object(class, arguments)?;
            }
            b'b' => {
                let state = self.pop()?;
                if let Value::Object(number) = *self.top()? {
                    self.tables.objects[number as usize].state = Some(state);
                }
                // The attributes of a dictionary (`_metadata` of a state_dict) are left out.
            }
            b'Q' => {
                let value = self.pop()?;
                let number = self.number_of(self.tables.persistent.len())?;
                self.tables.persistent.push(value);
                self.stack.push(Value::Persistent(number));
            }
            other => return Err(self.refuse(other, at)),
        }
        Ok(())
    }

    fn list(&mut self, values: Vec<Value>) -> Result<()> {
        let number = self.number_of(self.tables.lists.len())?;
        self.tables.lists.push(values);
        self.stack.push(Value::List(number));
        Ok(())
    }

    fn extend(&mut self, values: &[Value]) -> Result<()> {
        match *self.top()? {
            Value::List(number) => self.tables.lists[number as usize].extend(values),
            // Items of an object that is a list of its own kind.
            Value::Object(_) => {}
            other => return Err(self.bad("a list to add to", other.kind())),
        }
        Ok(())
    }

    fn skip(&mut self, mut length: u64) -> Result<()> {
        let mut buffer = [0; 4096];
        while length > 0 {
            let now = length.min(buffer.len() as u64) as usize;
            self.fill(&mut buffer[..now])?;
            length -= now as u64;
        }
        self.stack.push(Value::Bytes);
        Ok(())
    }

    /// A line of text, as protocols before 4 write the names of classes.
    fn line(&mut self) -> Result<String> {
        const LONGEST: usize = 1000;
        let mut line = Vec::new();
        loop {
            let [byte] = self.bytes()?;
            if byte == b'\n' {
                return String::from_utf8(line).map_err(|_| self.bad("UTF-8", "other bytes"));
            }
            if line.len() == LONGEST {
                return Err(self.bad("the name of a class", "a longer text"));
            }
            line.push(byte);
        }
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        let place = self.place_of_text(format!("{module} {name}"))?;
        self.stack.push(Value::Global(place));
        Ok(())
    }

    /// Notes down that `class` was called with `arguments`.
    fn object(&mut self, class: Value, arguments: Value) -> Result<()> {
        let Value::Global(class) = class else {
            return Err(self.bad("a class or function to call", class.kind()));
        };
        // Dictionaries of another name; their entries come later.
        let is_dictionary = match self.tables.texts[class as usize].as_str() {
            "collections OrderedDict" => matches!(arguments, Value::Tuple { length: 0, .. }),
            "collections defaultdict" => true,
            _ => false,
        };
        if is_dictionary {
            let number = self.number_of(self.tables.dictionaries.len())?;
            self.tables.dictionaries.push(Vec::new());
            self.stack.push(Value::Dictionary(number));
            return Ok(());
        }
        let number = self.number_of(self.tables.objects.len())?;
        self.tables.objects.push(Object {
            class,
            arguments,
            state: None,
        });
        self.stack.push(Value::Object(number));
        Ok(())
    }
}
