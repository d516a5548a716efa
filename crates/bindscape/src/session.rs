//! What a job runs in: threads, a device, and somebody who watches.

use std::io::Write;

use bindscape_base::progress::{self, Progress, Silent};
use bindscape_base::{Error, Result};
use bindscape_nn::{Device, DeviceChoice, Precision};

/// Stack of the threads of a session, as large as that of a main thread.
const STACK: usize = 8 << 20;

/// Opens what `-` stands for in a plan.
type Output<'a> = &'a (dyn Fn() -> Box<dyn Write + Send> + Sync);

/// What a job runs in. Results depend on nothing of it but the device.
///
/// ```
/// use bindscape::Session;
///
/// let session = Session::silent().with_threads(2)?;
/// assert_eq!(session.threads(), 2);
/// # Ok::<(), bindscape::Error>(())
/// ```
pub struct Session<'a> {
    progress: &'a dyn Progress,
    device: DeviceChoice,
    command: Vec<String>,
    output: Option<Output<'a>>,
    pool: Option<rayon::ThreadPool>,
}

impl Session<'static> {
    /// A session that shows nothing and cannot be interrupted.
    #[must_use]
    pub fn silent() -> Self {
        Session::new(&Silent)
    }
}

impl<'a> Session<'a> {
    /// A session on the CPU, with the threads of the rayon pool that calls it. `progress` is told
    /// how far jobs have come, and is asked whether they should stop.
    #[must_use]
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            device: DeviceChoice::Cpu,
            command: Vec::new(),
            output: None,
            pool: None,
        }
    }

    /// The same session with `threads` threads of its own.
    ///
    /// # Errors
    /// If `threads` is 0 or the system cannot start them.
    pub fn with_threads(mut self, threads: usize) -> Result<Self> {
        if threads == 0 {
            return Err(Error::argument("threads", "at least 1", "0"));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK)
            .build()
            .map_err(|error| Error::argument("threads", "threads to start", error.to_string()))?;
        self.pool = Some(pool);
        Ok(self)
    }

    /// The same session on another device.
    #[must_use]
    pub fn with_device(mut self, device: DeviceChoice) -> Self {
        self.device = device;
        self
    }

    /// The same session with the command that run directories record, as a user may repeat it.
    #[must_use]
    pub fn with_command(mut self, command: Vec<String>) -> Self {
        self.command = command;
        self
    }

    /// The same session with what `-` as an output of a plan stands for.
    #[must_use]
    pub fn with_output(mut self, output: Output<'a>) -> Self {
        self.output = Some(output);
        self
    }

    /// Runs `work` on the threads of the session.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Who watches.
    #[must_use]
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// The device of networks.
    #[must_use]
    pub fn device(&self) -> DeviceChoice {
        self.device
    }

    /// The device, after a first small computation on it in `precision`.
    ///
    /// # Errors
    /// As [`DeviceChoice::open_for`].
    pub fn open_device(&self, precision: Precision) -> Result<Device> {
        self.device.open_for(precision)
    }

    /// Number of threads that jobs use.
    #[must_use]
    pub fn threads(&self) -> usize {
        match &self.pool {
            Some(pool) => pool.current_num_threads(),
            None => rayon::current_num_threads(),
        }
    }

    /// The command that run directories record.
    #[must_use]
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// What `-` as an output stands for.
    ///
    /// # Errors
    /// If the session has none.
    pub fn output(&self) -> Result<Box<dyn Write + Send>> {
        match self.output {
            Some(open) => Ok(open()),
            None => Err(Error::argument(
                "out",
                "a file, as this session has no standard output",
                "-",
            )),
        }
    }

    /// Returns [`Error::Interrupted`] once the user asked to stop.
    ///
    /// # Errors
    /// See above.
    pub fn check(&self) -> Result<()> {
        progress::check(self.progress)
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("device", &self.device)
            .field("threads", &self.threads())
            .finish_non_exhaustive()
    }
}

/// A session passes everything on to who watches it.
impl Progress for Session<'_> {
    fn begin(&self, label: &str, total: Option<u64>) {
        self.progress.begin(label, total);
    }

    fn advance(&self, by: u64) {
        self.progress.advance(by);
    }

    fn note(&self, message: &str) {
        self.progress.note(message);
    }

    fn finish(&self) {
        self.progress.finish();
    }

    fn status(&self, text: &str) {
        self.progress.status(text);
    }

    fn draws_bars(&self) -> bool {
        self.progress.draws_bars()
    }

    fn interrupted(&self) -> bool {
        self.progress.interrupted()
    }
}
