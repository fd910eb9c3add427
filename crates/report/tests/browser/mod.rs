//! A page in a real Chromium without a window, told what to do over its DevTools protocol, of
//! which this knows no more than it needs.

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

/// Programs to try, the first found is taken; the variable `CHROMIUM` names another.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Nothing of the browser's own may look like a request of the page.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
];

/// The browser answers nothing for so long: it hangs, and the test says so instead of hanging too.
const PATIENCE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A browser with one page; ends with this value.
pub(crate) struct Page {
    browser: Child,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    calls: u64,
    /// What the browser told without being asked.
    pub(crate) events: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// The Chromium of this machine, if there is one.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let candidates = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|path| path.is_file())
}

impl Page {
    /// Opens the file at `path` in a window of `width` x `height` pixels, by night if `dark`, and
    /// waits until it has loaded.
    pub(crate) fn open(
        chromium: &Path,
        path: &Path,
        [width, height]: [u32; 2],
        dark: bool,
    ) -> Outcome<Self> {
        let mut page = Self::start(chromium)?;
        let target = page.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = page.call("Target.attachToTarget", attach)?;
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}))?;
        }
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600
        });
        page.call("Emulation.setDeviceMetricsOverride", size)?;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        page.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )?;
        let url = format!("file://{}", path.display());
        page.call("Page.navigate", json!({ "url": url }))?;
        page.wait_for("Page.loadEventFired")?;
        Ok(page)
    }

    fn start(chromium: &Path) -> Outcome<Self> {
        let profile = tempfile::tempdir()?;
        let mut browser = Command::new(chromium)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            // Killed, it leaves folders of its own behind; these go with the profile.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = browser.stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let address = loop {
            let line = lines
                .next()
                .ok_or("the browser ended without an address")??;
            if let Some((_, address)) = line.split_once("DevTools listening on ") {
                break address.trim().to_owned();
            }
        };
        // Who does not read on lets the browser block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let host = address.trim_start_matches("ws://");
        let host = host.split('/').next().unwrap_or_default();
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = client(address.as_str(), stream).map_err(|e| e.to_string())?;
        Ok(Self {
            browser,
            socket,
            session: None,
            calls: 0,
            events: Vec::new(),
            _profile: profile,
        })
    }

    /// Calls a method of the protocol and returns its result.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Outcome<Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(message.to_string()))?;
        loop {
            let told = self.read()?;
            if told["id"] != json!(self.calls) {
                self.events.push(told);
            } else if let Some(error) = told.get("error") {
                return Err(format!("{method}: {error}").into());
            } else {
                return Ok(told["result"].clone());
            }
        }
    }

    /// Waits for an event, unless it was told already.
    fn wait_for(&mut self, event: &str) -> Outcome<()> {
        self.wait_until(event, |_| true)
    }

    /// Waits for an event whose parameters are as wanted, unless it was told already.
    pub(crate) fn wait_until(
        &mut self,
        event: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Outcome<()> {
        while !self.told(event).any(&is_wanted) {
            let told = self.read()?;
            self.events.push(told);
        }
        Ok(())
    }

    fn read(&mut self) -> Outcome<Value> {
        loop {
            if let Message::Text(text) = self.socket.read()? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }

    /// The value of an expression in the page; of a promise, what it comes to.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Outcome<Value> {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true
        });
        let told = self.call("Runtime.evaluate", params)?;
        match told.get("exceptionDetails") {
            Some(thrown) => Err(format!("{expression}: {thrown}").into()),
            None => Ok(told["result"]["value"].clone()),
        }
    }

    /// Clicks with the mouse on the middle of the element that an expression comes to.
    pub(crate) fn click(&mut self, element: &str) -> Outcome<()> {
        let place = self.evaluate(&format!(
            "(() => {{ const e = {element}; e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); \
             return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ))?;
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let params = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1
            });
            self.call("Input.dispatchMouseEvent", params)?;
        }
        Ok(())
    }

    /// Events of one kind, their parameters.
    pub(crate) fn told<'p>(&'p self, method: &'p str) -> impl Iterator<Item = &'p Value> {
        let events = self.events.iter();
        let wanted = events.filter(move |event| event["method"] == method);
        wanted.map(|event| &event["params"])
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.browser.kill();
        let _reaped = self.browser.wait();
    }
}
