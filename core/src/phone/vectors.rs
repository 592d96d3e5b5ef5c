//! Vectors of what travels: receipt, enrolment, sync messages, label, and what two phones show each
//! other. FORMAT.md sections 10 to 15.

use serde_json::{Value, json};

use crate::{
    document::{RawChange, Version},
    entropy::SeededEntropy,
    model::{CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, RouteId, TagId, VesselId},
    presence::label::Label,
    record::{
        Body, ContentPart, DeviceKey, Enrolment, EnrolmentAnswer, EnrolmentRequest, HeadCode, Item,
        JoinCode, PersonPart, Receipt, Run, Segment, SoftwareKey, TimePart, VisitedPoints,
        device_id, vectors::check,
    },
    sync::{
        Document, Problem, ProblemCode, Request, Response, Scope, SealedRequest, TreeHeadAnswer,
    },
};

const VESSEL: VesselId = VesselId(*b"a vessel, random");

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn shore() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(41))
}

fn phone() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(42))
}

fn receipt() -> Receipt {
    let dev = device_id(&phone().public_key());
    Receipt::sign(
        &shore(),
        dev,
        300,
        Hash::of(b"head"),
        1_795_305_600,
        crate::record::NamedTree::of("ledger.example/fleet-1", 1_024, Hash::of(b"root")),
    )
    .unwrap()
}

fn request() -> Request {
    let dev = device_id(&phone().public_key());
    Request {
        vessel: VESSEL,
        dev,
        scope: Scope::Authority,
        have: vec![(
            DeviceId([0; 8]),
            vec![
                Run { from: 0, to: 23, head: Hash::of(b"one") },
                Run { from: 30, to: 70_000, head: Hash::of(b"other") },
            ],
        )],
        documents: vec![Document {
            kind: 1,
            id: DocumentId(VESSEL.0),
            what: Version {
                heads: vec![Hash::of(b"plan head")],
                unapplied: vec![Hash::of(b"waits for another")],
                set: Some(Hash::of(b"every change with its record")),
            },
        }],
        segments: vec![b"a segment".to_vec()],
        changes: vec![Document {
            kind: 1,
            id: DocumentId(VESSEL.0),
            what: RawChange { hash: Hash::of(b"change"), bytes: b"raw change".to_vec() },
        }],
        tree_head: Some(b"a signed note".to_vec()),
        receipts: vec![receipt().encode()],
    }
}

fn response() -> Response {
    let request = request();
    Response {
        time: 1_795_305_600,
        have: request.have,
        documents: request.documents,
        segments: Vec::new(),
        changes: Vec::new(),
        receipts: vec![receipt().encode()],
        problems: vec![Problem { code: ProblemCode::Fork, subject: vec![1; 8] }],
        tree_head: Some(TreeHeadAnswer {
            note: b"a newer signed note".to_vec(),
            proof: vec![Hash::of(b"left"), Hash::of(b"right")],
        }),
        more: false,
    }
}

/// The items of the request, bytes as hex.
fn items(request: &Request) -> [Value; 4] {
    let have = request.have.iter().map(|(dev, runs)| {
        let runs: Vec<Value> =
            runs.iter().map(|run| json!([run.from, run.to, hex(&run.head.0)])).collect();
        json!([hex(&dev.0), runs])
    });
    let documents = request.documents.iter().map(|document| {
        let names = |names: &[Hash]| names.iter().map(|name| hex(&name.0)).collect::<Vec<_>>();
        let (heads, unapplied) = (names(&document.what.heads), names(&document.what.unapplied));
        let set = document.what.set.map(|set| hex(&set.0));
        json!([document.kind, hex(&document.id.0), heads, unapplied, set])
    });
    let segments = request.segments.iter().map(|segment| json!(hex(segment)));
    let changes = request.changes.iter().map(|change| {
        json!([change.kind, hex(&change.id.0), hex(&change.what.hash.0), hex(&change.what.bytes)])
    });
    [have.collect(), documents.collect(), segments.collect(), changes.collect()]
}

#[test]
fn messages() {
    let request = request();
    let [have, documents, segments, changes] = items(&request);
    let sealed = SealedRequest::seal(&request, &phone()).unwrap();
    let (read, again) = SealedRequest::decode(&sealed.encode()).unwrap();
    assert_eq!((&again, read.check(&again, &phone().public_key())), (&request, Ok(())));
    let response = response();
    assert_eq!(Response::decode(&response.encode()), Ok(response.clone()));
    let tree_head = response.tree_head.as_ref().map(|head| {
        let proof: Vec<String> = head.proof.iter().map(|hash| hex(&hash.0)).collect();
        json!([hex(&head.note), proof])
    });
    let receipt = receipt();
    check(
        "messages",
        json!({
            "shore_key": hex(&shore().public_key()),
            "phone_key": hex(&phone().public_key()),
            "receipt": {
                "bytes": hex(&receipt.encode()),
                "value": [
                    2, hex(&receipt.dev.0), receipt.seq, hex(&receipt.head.0), receipt.time,
                    hex(&receipt.tree.origin.0), receipt.tree.size, hex(&receipt.tree.root.0),
                    hex(&receipt.signature),
                ],
            },
            "sealed_request": {
                "bytes": hex(&sealed.encode()),
                "request": [
                    1, hex(&VESSEL.0), hex(&request.dev.0), 0, have, documents, segments, changes,
                    request.tree_head.as_deref().map(hex), [hex(&receipt.encode())],
                ],
                "signature": hex(&sealed.signature),
            },
            "response": {
                "bytes": hex(&response.encode()),
                "value": [
                    1, response.time, have, documents, [], [], [hex(&receipt.encode())],
                    [[6, hex(&[1; 8])]], tree_head, false,
                ],
            },
        }),
    );
}

#[test]
fn texts() {
    let enrolment = Enrolment {
        server: "https://shore.example".into(),
        vessel: VESSEL,
        token: *b"token, used once",
        expires: 1_795_392_000,
        shore_key: shore().public_key(),
    };
    let text = enrolment.to_text();
    assert_eq!(Enrolment::from_text(&text), Ok(enrolment.clone()));
    let tag = TagId(*b"a tag, random 16");
    let label = Label::new(VESSEL, tag).payload("DW.EXAMPLE").unwrap();
    assert_eq!(Label::parse(&label).unwrap().tag, tag);
    check(
        "texts",
        json!({
            "enrolment": {
                "text": text,
                "value": [
                    1, enrolment.server, hex(&VESSEL.0), hex(&enrolment.token), enrolment.expires,
                    hex(&enrolment.shore_key),
                ],
            },
            "label": {
                "text": label,
                "host": "DW.EXAMPLE",
                "vessel": hex(&VESSEL.0),
                "tag": hex(&tag.0),
            },
        }),
    );
}

fn officer() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(43))
}

/// The segment with nothing in it but the certificate.
fn certificate(request: &EnrolmentRequest) -> Vec<u8> {
    let body = Body::Certificate {
        key: request.key,
        vessel: VESSEL,
        roles: 1,
        from: 1_795_305_600,
        until: None,
        genesis: request.genesis(),
    };
    let time = TimePart { boot: *b"boot one", mono: 36_000, wall: 1_795_305_600 };
    let person = PersonPart { crew: CrewNo(2), grade: 1, how: 1 };
    let items = vec![Item::shown(&time, &person, &ContentPart { patrol: 0, body })];
    let key = *b"segment key 0009";
    Segment::cut(&officer(), 311, Hash::of(b"before"), key, items).unwrap().encode()
}

#[test]
fn on_board() {
    let bare = EnrolmentRequest::sign(&phone(), *b"nonce of request", None).unwrap();
    let chain = Some((VESSEL, Hash::of(b"genesis")));
    let known = EnrolmentRequest::sign(&phone(), *b"nonce of request", chain).unwrap();
    let answer = EnrolmentAnswer {
        enrolment: Enrolment {
            server: "https://shore.example".into(),
            vessel: VESSEL,
            token: bare.nonce,
            expires: 1_795_392_000,
            shore_key: shore().public_key(),
        },
        officer_key: officer().public_key(),
        segment: certificate(&bare),
    };
    assert_eq!(EnrolmentAnswer::from_text(&answer.to_text()), Ok(answer.clone()));
    let request = |request: &EnrolmentRequest| {
        assert_eq!(EnrolmentRequest::from_text(&request.to_text()), Ok(request.clone()));
        let chain = request.vessel().zip(request.genesis());
        json!({
            "text": request.to_text(),
            "key": hex(&request.key),
            "nonce": hex(&request.nonce),
            "chain": chain.map(|(vessel, genesis)| [hex(&vessel.0), hex(&genesis.0)]),
        })
    };
    check(
        "on_board",
        json!({
            "requests": [request(&bare), request(&known)],
            "answer": {
                "text": answer.to_text(),
                "value": [
                    2, answer.enrolment.server, hex(&VESSEL.0), hex(&answer.enrolment.token),
                    answer.enrolment.expires, hex(&answer.enrolment.shore_key),
                    hex(&answer.officer_key), hex(&answer.segment),
                ],
            },
        }),
    );
}

#[test]
fn join_codes() {
    let points: Vec<CheckpointId> = (1..=11).map(|n| CheckpointId([n; 8])).collect();
    let visited = [points[0], points[2], points[9]];
    let code = |due, route, points: &[CheckpointId]| JoinCode {
        vessel: VESSEL,
        dev: device_id(&phone().public_key()),
        patrol: 7,
        seq: 300,
        head: Hash::of(b"head"),
        due,
        route,
        visited: VisitedPoints::of(points, &visited),
    };
    let due = Some(DueId(*b"due patrol id 01"));
    let codes = [
        (code(due, Some(RouteId(*b"route 01")), &points), &points[..]),
        (code(None, None, &[]), &[]),
    ];
    let vectors = codes.map(|(code, points)| {
        assert_eq!(JoinCode::from_text(&code.to_text()), Ok(code.clone()));
        let visited = code.visited.as_ref().map(|visited| visited.among(points));
        let hexes = |points: &[CheckpointId]| -> Vec<String> {
            points.iter().map(|point| hex(&point.0)).collect()
        };
        json!({
            "text": code.to_text(),
            "vessel": hex(&code.vessel.0),
            "dev": hex(&code.dev.0),
            "patrol": code.patrol,
            "seq": code.seq,
            "head": hex(&code.head.0),
            "due": code.due.map(|due| hex(&due.0)),
            "route": code.route.map(|route| hex(&route.0)),
            "points": hexes(points),
            "visited": hexes(&visited.unwrap_or_default()),
        })
    });
    check("join_codes", json!(vectors));
}

#[test]
fn head_codes() {
    let dev = device_id(&phone().public_key());
    let vectors = [0, 300, u64::MAX].map(|seq| {
        let code = HeadCode { vessel: VESSEL, dev, seq, head: Hash::of(b"head") };
        assert_eq!(HeadCode::from_text(&code.to_text()), Ok(code));
        json!({
            "text": code.to_text(),
            "vessel": hex(&code.vessel.0),
            "dev": hex(&code.dev.0),
            "seq": code.seq,
            "head": hex(&code.head.0),
        })
    });
    check("head_codes", json!(vectors));
}
