//! A scanner in Rust over the C headers, without crates: who this machine says it is. sdk/README.md shows how it is
//! built. The structs are those of redflag/abi.h, scanner.h and services.h, member by member.
#![allow(non_camel_case_types)]

use std::ffi::c_void;
use std::mem::size_of;
use std::ptr::{null, null_mut};

type Status = i32;
const OK: Status = 0;
const LIMIT: Status = 5;
const UNSUPPORTED: Status = 6;
const INVALID: Status = 7;
const INTERNAL: Status = 10;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct rf_str {
    data: *const u8,
    size: u64,
}

const fn text(of: &'static str) -> rf_str {
    rf_str { data: of.as_ptr(), size: of.len() as u64 }
}

unsafe fn bytes<'a>(of: rf_str) -> &'a [u8] {
    if of.data.is_null() { &[] } else { std::slice::from_raw_parts(of.data, of.size as usize) }
}

#[repr(C)]
pub struct rf_sink {
    sink_data: *mut c_void,
    write: unsafe extern "C" fn(*mut c_void, rf_str) -> Status,
}

#[repr(C)]
pub struct rf_file_1 {
    struct_size: u64,
    service_data: *mut c_void,
    read: unsafe extern "C" fn(*const rf_file_1, rf_str, u64, rf_sink) -> Status,
}

#[repr(C)]
pub struct rf_host {
    struct_size: u64,
    abi_minor: u32,
    reserved: u32,
    host_data: *mut c_void,
    service: unsafe extern "C" fn(*const rf_host, rf_str) -> *const c_void,
}

#[repr(C)]
pub struct rf_run {
    struct_size: u64,
    deadline_ns: i64,
    purpose: u32,
    reserved: u32,
    run_data: *mut c_void,
    cancelled: unsafe extern "C" fn(*const rf_run) -> u32,
    begin_scope: unsafe extern "C" fn(*const rf_run, rf_str) -> Status,
    end_scope: unsafe extern "C" fn(*const rf_run, Status) -> Status,
    begin_record: unsafe extern "C" fn(*const rf_run, rf_str) -> Status,
    put_text: unsafe extern "C" fn(*const rf_run, rf_str, rf_str) -> Status,
    put_int: unsafe extern "C" fn(*const rf_run, rf_str, i64) -> Status,
    put_real: unsafe extern "C" fn(*const rf_run, rf_str, f64) -> Status,
    put_time: unsafe extern "C" fn(*const rf_run, rf_str, i64) -> Status,
    commit_record: unsafe extern "C" fn(*const rf_run) -> Status,
    discard_record: unsafe extern "C" fn(*const rf_run) -> Status,
    report: unsafe extern "C" fn(*const rf_run, Status, rf_str, rf_str) -> Status,
}

#[repr(C)]
pub struct rf_capability {
    spec: rf_str,
    required: u32,
    reserved: u32,
}

#[repr(C)]
pub struct rf_descriptor {
    struct_size: u64,
    id: rf_str,
    version: rf_str,
    name: rf_str,
    vendor: rf_str,
    config_schema: rf_str,
    interfaces: *const rf_str,
    interface_count: u64,
    record_kinds: *const rf_str,
    record_kind_count: u64,
    capabilities: *const rf_capability,
    capability_count: u64,
    requires_libraries: *const rf_str,
    requires_count: u64,
}

#[repr(C)]
pub struct rf_plugin {
    struct_size: u64,
    plugin_data: *mut c_void,
    configure: unsafe extern "C" fn(*mut rf_plugin, rf_str) -> Status,
    query: unsafe extern "C" fn(*mut rf_plugin, rf_str) -> *const c_void,
    destroy: unsafe extern "C" fn(*mut rf_plugin),
}

#[repr(C)]
pub struct rf_scanner_1 {
    struct_size: u64,
    probe: unsafe extern "C" fn(*mut rf_plugin, *const rf_run) -> Status,
    scan: unsafe extern "C" fn(*mut rf_plugin, *const rf_run) -> Status,
}

#[repr(C)]
pub struct rf_library {
    struct_size: u64,
    abi_major: u32,
    abi_minor: u32,
    descriptor: *const rf_descriptor,
    create: unsafe extern "C" fn(*const rf_host) -> *mut rf_plugin,
}

/// Immutable, and made of pointers to other such data.
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

unsafe extern "C" fn append(into: *mut c_void, piece: rf_str) -> Status {
    (*(into as *mut Vec<u8>)).extend_from_slice(bytes(piece));
    OK
}

unsafe fn host_name(host: *const rf_host) -> Result<String, Status> {
    let file = ((*host).service)(host, text("rf.file/1")) as *const rf_file_1;
    if file.is_null() || ((*file).struct_size as usize) < size_of::<rf_file_1>() {
        return Err(UNSUPPORTED);
    }
    let mut content: Vec<u8> = Vec::new();
    let sink = rf_sink { sink_data: &mut content as *mut Vec<u8> as *mut c_void, write: append };
    match ((*file).read)(file, text("/etc/hostname"), 4096, sink) {
        OK => {}
        failed => return Err(failed),
    }
    let name = String::from_utf8(content).map_err(|_| INVALID)?;
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) { Err(INVALID) } else { Ok(name.to_string()) }
}

unsafe fn tell(run: *const rf_run, name: &str) -> Status {
    let value = rf_str { data: name.as_ptr(), size: name.len() as u64 };
    for status in [
        ((*run).begin_record)(run, text("fact/1")),
        ((*run).put_text)(run, text("name"), text("org.example.hostname")),
        ((*run).put_text)(run, text("value"), value),
    ] {
        if status != OK {
            return status;
        }
    }
    ((*run).commit_record)(run)
}

/// A panic must not cross the border into C.
fn guarded(call: impl FnOnce() -> Status + std::panic::UnwindSafe) -> Status {
    std::panic::catch_unwind(call).unwrap_or(INTERNAL)
}

unsafe extern "C" fn probe(_: *mut rf_plugin, _: *const rf_run) -> Status {
    OK
}

unsafe extern "C" fn scan(plugin: *mut rf_plugin, run: *const rf_run) -> Status {
    guarded(move || unsafe {
        if ((*run).cancelled)(run) != 0 {
            return 4;
        }
        match host_name((*plugin).plugin_data as *const rf_host) {
            Ok(name) => tell(run, &name),
            Err(status) => {
                ((*run).report)(run, status, text("hostname.unreadable"), text("/etc/hostname could not be read"));
                status
            }
        }
    })
}

static SCANNER: Shared<rf_scanner_1> =
    Shared(rf_scanner_1 { struct_size: size_of::<rf_scanner_1>() as u64, probe, scan });

unsafe extern "C" fn configure(_: *mut rf_plugin, settings: rf_str) -> Status {
    let content: Vec<u8> = bytes(settings).iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if content.len() > 1 << 20 {
        return LIMIT;
    }
    if content == b"{}" { OK } else { INVALID }
}

unsafe extern "C" fn query(_: *mut rf_plugin, id: rf_str) -> *const c_void {
    if bytes(id) == b"rf.scanner/1" { &SCANNER.0 as *const rf_scanner_1 as *const c_void } else { null() }
}

unsafe extern "C" fn destroy(plugin: *mut rf_plugin) {
    drop(Box::from_raw(plugin));
}

unsafe extern "C" fn create(host: *const rf_host) -> *mut rf_plugin {
    if host.is_null() {
        return null_mut();
    }
    Box::into_raw(Box::new(rf_plugin {
        struct_size: size_of::<rf_plugin>() as u64,
        plugin_data: host as *mut c_void,
        configure,
        query,
        destroy,
    }))
}

static INTERFACES: Shared<[rf_str; 1]> = Shared([text("rf.scanner/1")]);
static KINDS: Shared<[rf_str; 1]> = Shared([text("fact/1")]);
static CAPABILITIES: Shared<[rf_capability; 1]> =
    Shared([rf_capability { spec: text("read:/etc/hostname"), required: 1, reserved: 0 }]);
static DESCRIPTOR: Shared<rf_descriptor> = Shared(rf_descriptor {
    struct_size: size_of::<rf_descriptor>() as u64,
    id: text("org.example.hostname"),
    version: text("1.0.0"),
    name: text("Host name"),
    vendor: text("Example"),
    config_schema: text(""),
    interfaces: INTERFACES.0.as_ptr(),
    interface_count: 1,
    record_kinds: KINDS.0.as_ptr(),
    record_kind_count: 1,
    capabilities: CAPABILITIES.0.as_ptr(),
    capability_count: 1,
    requires_libraries: null(),
    requires_count: 0,
});
static LIBRARY: Shared<rf_library> = Shared(rf_library {
    struct_size: size_of::<rf_library>() as u64,
    abi_major: 1,
    abi_minor: 0,
    descriptor: &DESCRIPTOR.0,
    create,
});

/// The one exported symbol.
#[no_mangle]
pub extern "C" fn rf_plugin_library_v1() -> *const rf_library {
    &LIBRARY.0
}
