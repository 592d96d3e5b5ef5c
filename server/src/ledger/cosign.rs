//! Asking witnesses to cosign the newest tree head: c2sp.org/tlog-witness. A cosignature says that nobody was shown
//! another history; the ledger does not wait for it.

use std::sync::Mutex;

use deckwatch_core::{
    audit::Bundle,
    ledger::{
        AddTreeHead, KeyType, NoteSignature, SignedTreeHead, VerifierKey,
        merkle::prove_consistency, witness::Asked,
    },
};

use super::{Ledger, LedgerError, ProofRefusal};
use crate::shore::{Shore, lock};
use crate::store::{ReadTx, TreeHeadRow, try_reading, try_writing};

/// A witness that cosigns, and where it is asked.
#[derive(Debug)]
pub struct WitnessAddress {
    url: String,
    key: VerifierKey,
    /// Leaves of the tree head that it cosigned last, as far as it is known.
    knows: Mutex<u64>,
}

/// What became of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cosigning {
    /// The tree head of so many leaves has its cosignature now.
    Cosigned(u64),
    /// It had it before, or nothing was logged yet.
    Nothing,
    /// It did not; its words.
    Refused(String),
}

/// What a witness answers about one tree head.
enum Answer {
    Cosigned(Vec<NoteSignature>),
    /// The tree head has its cosignature already.
    Nothing,
    Refused(String),
}

impl WitnessAddress {
    /// Reads `URL=KEY`, as the command line gives it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "a witness is given as https://HOST:PORT=NAME+ID+KEY, or with http://";
        let at = text.find('=').ok_or(FORM)?;
        let (url, key) = (text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or(""));
        if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(FORM.to_owned());
        }
        let key = VerifierKey::parse_as(key, KeyType::Cosignature).map_err(|it| it.to_string())?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key, knows: Mutex::new(0) })
    }

    /// Its key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it takes tree heads.
    pub fn endpoint(&self) -> String {
        format!("{}/add-checkpoint", self.url)
    }
}

impl Shore {
    /// Asks a witness to cosign the newest tree head. `post` sends bytes to an address and gives status and body.
    pub fn ask_witness(
        &self,
        witness: &WitnessAddress,
        post: impl Fn(&str, &[u8]) -> Result<(u16, Vec<u8>), String>,
    ) -> Result<Cosigning, LedgerError> {
        let Some(newest) = self.tree_head()? else { return Ok(Cosigning::Nothing) };
        let Ok(head) = SignedTreeHead::parse(&newest.note) else { return Ok(Cosigning::Nothing) };
        Ok(match self.ask(witness, &head, post)? {
            Answer::Cosigned(lines) => {
                self.keep_cosignatures(&newest, &lines)?;
                Cosigning::Cosigned(newest.size)
            }
            Answer::Nothing => Cosigning::Nothing,
            Answer::Refused(words) => Cosigning::Refused(words),
        })
    }

    /// Asks a witness to cosign the tree head of evidence that is handed out, and puts the cosignature into it. The
    /// reader's policy may ask for it, and nothing else brings it there.
    pub fn cosign_bundle(
        &self,
        bundle: &mut Bundle,
        witness: &WitnessAddress,
        post: impl Fn(&str, &[u8]) -> Result<(u16, Vec<u8>), String>,
    ) -> Result<Cosigning, LedgerError> {
        let Ok(mut head) = bundle.tree_head() else { return Ok(Cosigning::Nothing) };
        let size = head.head().size;
        Ok(match self.ask(witness, &head, post)? {
            Answer::Cosigned(lines) => {
                let row = TreeHeadRow { size, at: self.now(), note: head.encode() };
                self.keep_cosignatures(&row, &lines)?;
                for line in lines {
                    head.add(line)?;
                }
                bundle.put_tree_head(&head);
                Cosigning::Cosigned(size)
            }
            Answer::Nothing => Cosigning::Nothing,
            Answer::Refused(words) => Cosigning::Refused(words),
        })
    }

    fn ask(
        &self,
        witness: &WitnessAddress,
        head: &SignedTreeHead,
        post: impl Fn(&str, &[u8]) -> Result<(u16, Vec<u8>), String>,
    ) -> Result<Answer, LedgerError> {
        let size = head.head().size;
        let is_its =
            |line: &NoteSignature| line.name == witness.key.name() && line.id == witness.key.id();
        if head.note().signatures().iter().any(is_its) {
            return Ok(Answer::Nothing);
        }
        // Once more if it knows another size than this shore believed.
        for _ in 0..2 {
            let old = *lock(&witness.knows);
            let Some(request) = self.request_from(old, head.clone())? else {
                return Ok(Answer::Refused(format!(
                    "it knows a ledger of {old} leaves, and this tree head has {size}"
                )));
            };
            let (status, body) = match post(&witness.endpoint(), &request.encode()) {
                Ok(answer) => answer,
                Err(error) => return Ok(Answer::Refused(error)),
            };
            match request.read_reply(status, &body, std::slice::from_ref(&witness.key)) {
                Asked::Cosigned(lines) => {
                    *lock(&witness.knows) = size;
                    return Ok(Answer::Cosigned(lines));
                }
                Asked::Stale(size) => *lock(&witness.knows) = size,
                Asked::Refused(words) => return Ok(Answer::Refused(words)),
            }
        }
        Ok(Answer::Refused("it changes its mind about what it knows".to_owned()))
    }

    /// `None`: the ledger was never as large as `old` says.
    fn request_from(
        &self,
        old: u64,
        head: SignedTreeHead,
    ) -> Result<Option<AddTreeHead>, LedgerError> {
        let size = head.head().size;
        if old > size {
            return Ok(None);
        }
        let proof = try_reading(self.store(), |tx: &dyn ReadTx| {
            let ledger = Ledger::newest(tx)?.ok_or(ProofRefusal::Empty)?;
            Ok::<_, ProofRefusal>(prove_consistency(&ledger.hashes(tx), old, size)?)
        });
        match proof {
            Ok(proof) => Ok(Some(AddTreeHead { old, proof, head })),
            Err(ProofRefusal::Ledger(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn keep_cosignatures(
        &self,
        cosigned: &TreeHeadRow,
        lines: &[NoteSignature],
    ) -> Result<(), LedgerError> {
        try_writing(self.store(), |tx| {
            let Some(ledger) = Ledger::newest(&*tx)? else { return Ok(()) };
            // Another process may have added to it, or signed a larger one meanwhile.
            let held = tx.newest_tree_head(ledger.number())?;
            let row = held.filter(|held| held.size == cosigned.size);
            let row = row.unwrap_or_else(|| cosigned.clone());
            let Ok(mut head) = SignedTreeHead::parse(&row.note) else { return Ok(()) };
            for line in lines {
                head.add(line.clone())?;
            }
            let note = head.encode();
            tx.put_tree_head(ledger.number(), &TreeHeadRow { note, ..row })?;
            Ok(())
        })
    }
}
