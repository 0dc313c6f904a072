//! Downloads from a server of this machine that misbehaves as told.

use super::*;
use crate::catalog::manifest::digest;
use md5::{Digest, Md5};
use sha2::Sha256;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Clone, Default)]
struct Manners {
    /// Answers with this status instead of the file.
    status: Option<u16>,
    /// Does as if it knew no ranges.
    ignores_ranges: bool,
    /// Ends the connection after so many bytes of the body, this many times.
    cuts: Vec<usize>,
    /// Sends a byte at a time, with pauses.
    drips: bool,
    /// Says that it sends from so many bytes later than it does.
    miscounts: usize,
    /// What it sends instead of the file.
    instead: Option<Vec<u8>>,
}

/// The paths and ranges that a server was asked for.
type Log = Mutex<Vec<(String, Option<u64>)>>;

/// A server that runs until the test ends, and the ranges it was asked for by path.
struct Server {
    address: String,
    asked: Arc<Log>,
}

/// Serves `content` at any path; `manners` says how, by the path's first part.
fn serve(content: Vec<u8>, manners: Vec<(&'static str, Manners)>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let mut manners: Vec<(&str, Manners)> = manners;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that goes away in the middle is none of the server's business.
            let _ = answer(stream.unwrap(), &content, &mut manners, &log);
        }
    });
    Server { address, asked }
}

fn answer(
    stream: TcpStream,
    content: &[u8],
    manners: &mut [(&str, Manners)],
    log: &Log,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("range: bytes=") {
            range = value.split('-').next().and_then(|v| v.parse::<u64>().ok());
        }
    }
    log.lock().unwrap().push((path.clone(), range));
    let mut plain = Manners::default();
    let manners = manners
        .iter_mut()
        .find(|(name, _)| path.starts_with(&format!("/{name}/")))
        .map_or(&mut plain, |(_, m)| m);
    let content = manners.instead.as_deref().unwrap_or(content);
    let mut stream = stream;
    if let Some(status) = manners.status {
        return write!(
            stream,
            "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let start = range.filter(|_| !manners.ignores_ranges).unwrap_or(0) as usize;
    if start > content.len() {
        return write!(stream, "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let body = &content[start..];
    let (status, extra) = if start > 0 {
        let (last, all) = (content.len() - 1, content.len());
        let said = start + manners.miscounts;
        (206, format!("Content-Range: bytes {said}-{last}/{all}\r\n"))
    } else if manners.miscounts > 0 && range.is_none() && manners.ignores_ranges {
        (206, String::new())
    } else {
        (200, String::new())
    };
    write!(
        stream,
        "HTTP/1.1 {status} OK\r\nContent-Length: {}\r\n{extra}Connection: close\r\n\r\n",
        body.len()
    )?;
    if manners.drips {
        for byte in body {
            stream.write_all(&[*byte])?;
            stream.flush()?;
            std::thread::sleep(Duration::from_millis(20));
        }
        return Ok(());
    }
    let keep = if manners.cuts.is_empty() { body.len() } else { manners.cuts.remove(0) };
    stream.write_all(&body[..keep.min(body.len())])
}

fn content() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn md5_of(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn source(server: &Server, manners: &[&str], bytes: &[u8]) -> Source {
    let addresses = manners.iter().map(|m| format!("{}/{m}/file.bin", server.address)).collect();
    let file = SourceFile {
        name: "file.bin".into(),
        md5: Some(md5_of(bytes)),
        addresses,
        ..SourceFile::default()
    };
    Source {
        name: "test".into(),
        what: String::new(),
        licence: String::new(),
        citation: String::new(),
        folder: "here".into(),
        files: vec![file],
    }
}

fn go(source: &Source, root: &Path) -> Result<Vec<Fetched>, DataError> {
    fetch_source(source, root, &mut |_| ControlFlow::Continue(()))
}

fn files(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join("here"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn digests_are_the_standard_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    fs::write(&path, "abc").unwrap();
    // RFC 1321 and FIPS 180-2.
    assert_eq!(digest::<Md5>(&path).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(
        digest::<Sha256>(&path).unwrap(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_file_is_downloaded_once() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let server = serve(bytes.clone(), vec![]);
    let source = source(&server, &["good"], &bytes);
    let mut seen = Vec::new();
    let fetched = fetch_source(&source, root.path(), &mut |p| {
        seen.push((p.file.to_owned(), p.done, p.total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!fetched[0].already_there);
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
    assert_eq!(seen[0], ("file.bin".into(), 0, Some(300_000)));
    assert_eq!(seen.last().unwrap().1, 300_000);
    assert!(seen.is_sorted_by_key(|s| s.1));
    assert_eq!(files(root.path()), ["file.bin"]);
    assert!(go(&source, root.path()).unwrap()[0].already_there);
    assert_eq!(server.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_wrong_checksum_leaves_nothing() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let bad = Manners { instead: Some(bytes[1..].to_vec()), ..Manners::default() };
    let server = serve(bytes.clone(), vec![("bad", bad)]);
    let problem = go(&source(&server, &["bad"], &bytes), root.path()).unwrap_err().to_string();
    assert!(problem.contains("/bad/file.bin: its MD5 is ") && !problem.contains('\n'), "{problem}");
    assert!(!root.path().join("here").exists(), "a folder made for nothing is left");
    // A mirror with the right file helps, and says where the file is from.
    let fetched = go(&source(&server, &["bad", "good"], &bytes), root.path()).unwrap();
    assert!(fetched[0].address.as_ref().unwrap().contains("/good/"));
    // Too many bytes are noticed before the end.
    let root = tempfile::tempdir().unwrap();
    let mut short = source(&server, &["good"], &bytes[..1000]);
    short.files[0].bytes = Some(1000);
    let problem = go(&short, root.path()).unwrap_err().to_string();
    assert!(problem.contains("more than the 1000 bytes"), "{problem}");
    assert!(!root.path().join("here").exists(), "a folder made for nothing is left");
}

#[test]
fn a_cut_connection_is_taken_up_again() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let cut = Manners { cuts: vec![100_000, 0, 0, 50_000], ..Manners::default() };
    let server = serve(bytes.clone(), vec![("cut", cut)]);
    let fetched = go(&source(&server, &["cut"], &bytes), root.path()).unwrap();
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
    let ranges: Vec<Option<u64>> = server.asked.lock().unwrap().iter().map(|a| a.1).collect();
    let first = Some(100_000);
    assert_eq!(ranges, [None, first, first, first, Some(150_000)]);
}

#[test]
fn a_server_that_always_cuts_is_given_up() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let cuts = [vec![10_000], vec![0; 20]].concat();
    let server = serve(bytes.clone(), vec![("cut", Manners { cuts, ..Manners::default() })]);
    let problem = go(&source(&server, &["cut"], &bytes), root.path()).unwrap_err();
    assert!(matches!(problem, DataError::Download { .. }), "{problem}");
    // What came is kept, and another call continues it, here from a mirror.
    assert_eq!(files(root.path()), ["file.bin.part"]);
    go(&source(&server, &["good"], &bytes), root.path()).unwrap();
    assert_eq!(server.asked.lock().unwrap().last().unwrap().1, Some(10_000));
    assert_eq!(fs::read(root.path().join("here/file.bin")).unwrap(), bytes);
}

#[test]
fn a_server_that_drips_is_given_up() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let drips = Manners { drips: true, ..Manners::default() };
    let server = serve(bytes.clone(), vec![("slow", drips)]);
    let patience = Patience { time: Duration::from_millis(300), least: 1 << 10 };
    let go = |manners: &[&str]| {
        let source = source(&server, manners, &bytes);
        fetch_patiently(&source, root.path(), patience, &mut |_| ControlFlow::Continue(()))
    };
    let started = Instant::now();
    assert!(matches!(go(&["slow"]), Err(DataError::Download { .. })));
    assert!(started.elapsed() < Duration::from_secs(20));
    // A mirror that is fast helps.
    let fetched = go(&["slow", "good"]).unwrap();
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
}

#[test]
fn a_server_that_counts_wrongly_sends_all_again() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let wrong = Manners { cuts: vec![100_000], miscounts: 1, ..Manners::default() };
    // This one says 206 where nothing was asked for in parts.
    let odd = Manners { miscounts: 1, ignores_ranges: true, ..Manners::default() };
    let server = serve(bytes.clone(), vec![("wrong", wrong), ("odd", odd)]);
    let fetched = go(&source(&server, &["wrong"], &bytes), root.path()).unwrap();
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
    let ranges: Vec<Option<u64>> = server.asked.lock().unwrap().iter().map(|a| a.1).collect();
    assert_eq!(ranges, [None, Some(100_000), None]);
    fs::remove_file(&fetched[0].path).unwrap();
    let odd = go(&source(&server, &["odd"], &bytes), root.path());
    assert!(matches!(odd, Err(DataError::Download { .. })), "{odd:?}");
    go(&source(&server, &["odd", "good"], &bytes), root.path()).unwrap();
}

#[test]
fn an_absent_file_is_taken_from_a_mirror() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let gone = |status| Manners { status: Some(status), ..Manners::default() };
    let server = serve(bytes.clone(), vec![("gone", gone(404)), ("ill", gone(503))]);
    let problem = go(&source(&server, &["gone", "ill"], &bytes), root.path()).unwrap_err();
    let problem = problem.to_string();
    assert!(problem.contains("/ill/file.bin: the server answers with status 503"), "{problem}");
    assert!(problem.contains("/gone/file.bin: the server answers with status 404"), "{problem}");
    let fetched = go(&source(&server, &["gone", "ill", "good"], &bytes), root.path()).unwrap();
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
    // Nobody there at all.
    let root = tempfile::tempdir().unwrap();
    let mut nowhere = source(&server, &["good"], &bytes);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    nowhere.files[0].addresses = vec![format!("http://{free}/file.bin")];
    assert!(matches!(go(&nowhere, root.path()), Err(DataError::Download { .. })));
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let rude = Manners { ignores_ranges: true, cuts: vec![70_000], ..Manners::default() };
    let server = serve(bytes.clone(), vec![("rude", rude)]);
    let fetched = go(&source(&server, &["rude"], &bytes), root.path()).unwrap();
    assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
    assert_eq!(server.asked.lock().unwrap()[1].1, Some(70_000));
}

#[test]
fn a_partial_file_that_is_wrong_is_given_up() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let server = serve(bytes.clone(), vec![]);
    let part = root.path().join("here/file.bin.part");
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    // Other bytes; and more bytes than the file has.
    for wrong in [vec![7; 1000], vec![7; 400_000]] {
        fs::write(&part, wrong).unwrap();
        let fetched = go(&source(&server, &["good"], &bytes), root.path()).unwrap();
        assert_eq!(fs::read(&fetched[0].path).unwrap(), bytes);
        fs::remove_file(&fetched[0].path).unwrap();
    }
}

#[test]
fn another_file_of_that_name_is_not_overwritten() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let server = serve(bytes.clone(), vec![]);
    fs::create_dir_all(root.path().join("here")).unwrap();
    fs::write(root.path().join("here/file.bin"), "mine").unwrap();
    let problem = go(&source(&server, &["good"], &bytes), root.path()).unwrap_err().to_string();
    assert!(problem.contains("is here already, but its MD5 is"), "{problem}");
    assert_eq!(fs::read(root.path().join("here/file.bin")).unwrap(), b"mine");
    assert!(server.asked.lock().unwrap().is_empty());
}

#[test]
fn the_caller_can_stop_and_continue() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), content());
    let server = serve(bytes.clone(), vec![]);
    let source = source(&server, &["good"], &bytes);
    let stopped = fetch_source(&source, root.path(), &mut |p| {
        if p.done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(DataError::Stopped)));
    assert_eq!(files(root.path()), ["file.bin.part"]);
    go(&source, root.path()).unwrap();
    assert!(server.asked.lock().unwrap()[1].1.unwrap() > 0);
}

#[test]
fn an_archive_is_unpacked() {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, body) in [("set/a.bin", &b"first"[..]), ("set/b.bin", b"second"), ("c", b"third")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, body).unwrap();
    }
    let archive = builder.into_inner().unwrap().finish().unwrap();
    let server = serve(archive.clone(), vec![]);
    let root = tempfile::tempdir().unwrap();
    let mut source = source(&server, &["good"], &archive);
    source.files[0].unpack = vec!["a.bin".into(), "b.bin".into()];
    go(&source, root.path()).unwrap();
    assert_eq!(files(root.path()), ["a.bin", "b.bin"]);
    assert_eq!(fs::read(root.path().join("here/b.bin")).unwrap(), b"second");
    assert!(go(&source, root.path()).unwrap()[0].already_there);
    source.files[0].unpack.push("d.bin".into());
    let problem = go(&source, root.path()).unwrap_err().to_string();
    assert!(problem.contains("2 of the files a.bin, b.bin, d.bin, expected all"), "{problem}");
}

#[test]
fn a_zip_archive_is_unpacked() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("set.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, body) in [("gzip/a.bin", &b"first"[..]), ("../b.bin", b"outside"), ("c", b"third")] {
        archive.start_file(name, zip::write::FileOptions::default()).unwrap();
        archive.write_all(body).unwrap();
    }
    archive.finish().unwrap();
    let out = root.path().join("out");
    fs::create_dir(&out).unwrap();
    super::unpack(&path, &out, &["a.bin".into()]).unwrap();
    assert_eq!(fs::read(out.join("a.bin")).unwrap(), b"first");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    // What leads out of the archive is in none, and a damaged archive is told.
    let problem = super::unpack(&path, &out, &["a.bin".into(), "b.bin".into()]).unwrap_err();
    assert!(problem.to_string().contains("1 of the files a.bin, b.bin"), "{problem}");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(super::unpack(&path, &out, &["a.bin".into()]).is_err());
}

#[test]
fn only_known_sets_can_be_fetched() {
    let root = tempfile::tempdir().unwrap();
    let problem =
        fetch("synthetic-digits", root.path(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(
        problem
            .to_string()
            .contains("mnist, fashion-mnist, kmnist, qmnist, emnist, cifar-10, shd can"),
        "{problem}"
    );
}
