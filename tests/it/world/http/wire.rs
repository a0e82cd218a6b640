//! HTTP/1.1 on one connection: requests as they are read, replies as they are written.

use std::io::{self, BufRead as _, BufReader, Error, ErrorKind, Read as _, Write};
use std::net::{Shutdown, TcpStream};

/// A request without its body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// What stands before the question mark.
    pub(crate) path: String,
    pub(crate) query: String,
    /// The names in lower case.
    headers: Vec<(String, String)>,
}

/// What git wants of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To hear what can be fetched.
    Look,
    /// To hear what it would push upon.
    LookToPush,
    /// To ask for refs, or to fetch.
    Fetch,
    Push,
    Other,
}

/// What the server says.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// What the request is about.
    pub(crate) fn wish(&self) -> Wish {
        let is_post = self.method == "POST";
        match self.query.as_str() {
            "service=git-upload-pack" => Wish::Look,
            "service=git-receive-pack" => Wish::LookToPush,
            _ if is_post && self.path.ends_with("/git-upload-pack") => Wish::Fetch,
            _ if is_post && self.path.ends_with("/git-receive-pack") => Wish::Push,
            _ => Wish::Other,
        }
    }

    /// All headers of this name, which is in lower case.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(each, _)| each == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
}

impl Reply {
    /// A few words.
    pub(crate) fn new(status: &str, body: &str) -> Self {
        Self::of("text/plain", status, body)
    }

    /// A page.
    pub(crate) fn of(kind: &str, status: &str, body: &str) -> Self {
        Self {
            status: status.to_owned(),
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    /// Sends the client elsewhere.
    pub(crate) fn moved(status: &str, place: &str) -> Self {
        Self::new(status, "").with("Location", place)
    }

    pub(crate) fn unauthorized() -> Self {
        let reply = Self::new("401 Unauthorized", "who are you?\n");
        reply.with("WWW-Authenticate", "Basic realm=\"yard\"")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let (status, length) = (&self.status, self.body.len());
        let headers = self.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let headers = headers.concat();
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// One connection of a client.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let writer = stream.try_clone()?;
        let reader = BufReader::new(stream);
        Ok(Self { reader, writer })
    }

    /// The next request; `None` if the client has hung up.
    pub(super) fn request(&mut self) -> io::Result<Option<Request>> {
        let first = self.line()?;
        let [method, target, _] = first.split(' ').collect::<Vec<_>>()[..] else {
            return Ok(None);
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Some(Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
        }))
    }

    /// The body of a request, as one piece.
    pub(super) fn body(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let says = |name, value: &str| {
            let header = request.header(name);
            header.is_some_and(|header| header.eq_ignore_ascii_case(value))
        };
        if says("expect", "100-continue") {
            self.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if says("transfer-encoding", "chunked") {
            return self.chunks();
        }
        let length = request.header("content-length").unwrap_or("0");
        self.exactly(length.parse().map_err(Error::other)?)
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = line.split(';').next().unwrap_or_default();
            let length = usize::from_str_radix(length, 16).map_err(Error::other)?;
            if length == 0 {
                // Trailers, which nobody sends, and the empty line behind them.
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.exactly(length)?);
            self.line()?;
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A line without its end; empty at the end of the connection.
    fn line(&mut self) -> io::Result<String> {
        const LONGEST: u64 = 1 << 16;
        let mut line = Vec::new();
        (&mut self.reader)
            .take(LONGEST)
            .read_until(b'\n', &mut line)?;
        let line = String::from_utf8(line).map_err(|_| ErrorKind::InvalidData)?;
        Ok(line.trim_end().to_owned())
    }

    /// Hangs up.
    pub(super) fn end(&self) {
        drop(self.writer.shutdown(Shutdown::Both));
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
