//! The plainest client: requests one after the other on a kept connection, bodies read and thrown away.

use anyhow::{Context, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub const PASSWORD: &str = "correct lamp seven harbour";

pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

struct Answer {
    status: u16,
    cookie: Option<String>,
    body_bytes: usize,
}

impl Connection {
    pub async fn to(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            host: server.to_string(),
        })
    }

    /// Asks for a page, which must be there; answers how many bytes its body has.
    pub async fn get(&mut self, path: &str, cookie: &str) -> anyhow::Result<usize> {
        let answer = self.send(&format!("GET {path}"), cookie, "").await?;
        ensure!(answer.status == 200, "{path} answered {}", answer.status);
        Ok(answer.body_bytes)
    }

    async fn send(&mut self, line: &str, cookie: &str, body: &str) -> anyhow::Result<Answer> {
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\naccept: text/html\r\ncookie: {cookie}\r\n\
            content-type: application/x-www-form-urlencoded\r\ncontent-length: {1}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let line = self.line().await?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.with_context(|| format!("no answer: {line}"))?,
            cookie: None,
            body_bytes: 0,
        };
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "transfer-encoding" => chunked = true,
                "set-cookie" => answer.cookie = value.trim().split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        if !chunked {
            self.skip(length).await?;
            answer.body_bytes = length;
            return Ok(answer);
        }
        loop {
            let size = usize::from_str_radix(&self.line().await?, 16)?;
            // Each chunk ends with an empty line, the last one too.
            self.skip(size + 2).await?;
            if size == 0 {
                return Ok(answer);
            }
            answer.body_bytes += size;
        }
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        ensure!(line.ends_with('\n'), "the connection ended");
        Ok(line.trim_end().to_owned())
    }

    async fn skip(&mut self, bytes: usize) -> anyhow::Result<()> {
        let mut body = (&mut self.stream).take(bytes as u64);
        let skipped = tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
        ensure!(skipped == bytes as u64, "the connection ended");
        Ok(())
    }
}

/// Logs in on the login page; answers the session's cookie.
pub async fn log_in(server: SocketAddr, email: &str) -> anyhow::Result<String> {
    let body = format!(
        "login%5Bemail%5D={}&login%5Bpassword%5D={}&login%5Bnext%5D=",
        email.replace('@', "%40"),
        PASSWORD.replace(' ', "+")
    );
    let line = "POST /api/fn/log_in?page=%2Flogin";
    let answer = Connection::to(server).await?.send(line, "", &body).await?;
    let cookie = answer.cookie;
    cookie.with_context(|| format!("nobody was logged in: {}", answer.status))
}
