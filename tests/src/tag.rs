//! A simulated NTAG 424 DNA: written with a file, offsets and a key, it signs what it says. It is made from the
//! published formulas (NXP AN12196, RFC 4493) alone and shares nothing with the core but AES itself.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};

/// Where a tag puts what, counted from the start of its file.
#[derive(Debug, Clone, Copy)]
pub struct Offsets {
    /// The UID, 14 digits.
    pub uid: usize,
    /// The counter, 6 digits.
    pub counter: usize,
    /// What the MAC covers begins here.
    pub mac_input: usize,
    /// The MAC, 16 digits.
    pub mac: usize,
}

/// A tag on a bulkhead.
#[derive(Debug, Clone)]
pub struct Tag {
    /// Its UID.
    pub uid: [u8; 7],
    /// How often it was read.
    pub counter: u32,
    key: [u8; 16],
    file: Vec<u8>,
    offsets: Offsets,
}

impl Tag {
    /// A tag as the writer leaves it: `key` is its key 2.
    pub fn written(uid: [u8; 7], key: [u8; 16], file: Vec<u8>, offsets: Offsets) -> Self {
        Self { uid, counter: 0, key, file, offsets }
    }

    /// Somebody holds a phone to it: the NDEF message that the phone reads.
    pub fn tap(&mut self) -> Vec<u8> {
        self.counter += 1;
        let mut file = self.file.clone();
        put(&mut file, self.offsets.uid, &hex(&self.uid));
        put(&mut file, self.offsets.counter, &format!("{:06X}", self.counter));
        let covered = file[self.offsets.mac_input..self.offsets.mac].to_vec();
        put(&mut file, self.offsets.mac, &hex(&self.mac(&covered)));
        let len = usize::from(u16::from_be_bytes([file[0], file[1]]));
        file[2..2 + len].to_vec()
    }

    /// A phone writes into its file.
    pub fn write(&mut self, offset: usize, text: &str) {
        put(&mut self.file, offset, text);
    }

    fn mac(&self, covered: &[u8]) -> [u8; 8] {
        let counter = self.counter.to_le_bytes();
        let mut vector = vec![0x3c, 0xc3, 0x00, 0x01, 0x00, 0x80];
        vector.extend(self.uid);
        vector.extend(&counter[..3]);
        let full = cmac(&cmac(&self.key, &vector), covered);
        [1, 3, 5, 7, 9, 11, 13, 15].map(|at: usize| full[at])
    }
}

/// The key that a tag has from a master key: AN10922, for inputs of 16 to 31 bytes, where it is a CMAC.
pub fn diversified(master: &[u8; 16], uid: &[u8; 7], number: u8) -> [u8; 16] {
    let application = [0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01];
    let input = [&[1][..], uid, &application, &[number], b"patrol"].concat();
    cmac(master, &input)
}

/// AES-CMAC, RFC 4493.
pub fn cmac(key: &[u8; 16], message: &[u8]) -> [u8; 16] {
    let cipher = Aes128::new(&(*key).into());
    let encrypt = |block: u128| {
        let mut block = block.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        u128::from_be_bytes(block.into())
    };
    let double = |block: u128| (block << 1) ^ if block >> 127 == 1 { 0x87 } else { 0 };
    let first = double(encrypt(0));
    let mut blocks: Vec<Vec<u8>> = message.chunks(16).map(<[u8]>::to_vec).collect();
    let mut last = blocks.pop().unwrap_or_default();
    let mask = if last.len() == 16 {
        first
    } else {
        last.push(0x80);
        last.resize(16, 0);
        double(first)
    };
    let number = |block: &[u8]| u128::from_be_bytes(block.try_into().unwrap());
    let chained = blocks.iter().fold(0, |state, block| encrypt(state ^ number(block)));
    encrypt(chained ^ number(&last) ^ mask).to_be_bytes()
}

fn put(file: &mut [u8], at: usize, text: &str) {
    file[at..at + text.len()].copy_from_slice(text.as_bytes());
}

/// Upper-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
