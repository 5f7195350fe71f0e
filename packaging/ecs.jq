# SPDX-License-Identifier: GPL-2.0-only
# Turns the records of execsnoop -J into events of the Elastic Common Schema 9, one a line:
#
#     execsnoop -J --exits --fields all -o - | jq -c --unbuffered -f packaging/ecs.jq \
#         --arg host_id "$(cat /etc/machine-id)" --arg boot_id "$(cat /proc/sys/kernel/random/boot_id)" \
#         --argjson boot "$(awk '/^btime/ { print $2 }' /proc/stat)"
#
# Each argument can be left out. boot: when the machine booted, in seconds since 1970; process.start is absent without it.
# Only entity ids with host_id and boot_id are different on all machines and after each boot.
# docs/json.md says which key becomes which field. jq 1.6 or later.

# Without what is null or an empty object.
def known:
  reduce keys_unsorted[] as $key (.;
    if (.[$key] | type) == "object" then .[$key] |= known else . end
    | if .[$key] == null or .[$key] == {} then del(.[$key]) else . end);

def text: if . == null then null else tostring end;

# The exact digits of a number that jq may round.
def digits($key): .[$key + "_string"] // (.[$key] | text);

# Nanoseconds since the boot as a date, with milliseconds.
def date:
  if . == null or $ARGS.named.boot == null then null
  else
    (. / 1000000 + $ARGS.named.boot * 1000 | floor) as $ms
    | ($ms / 1000 | floor | strftime("%Y-%m-%dT%H:%M:%S")) + "." + ("00\($ms % 1000)" | .[-3:]) + "Z"
  end;

# What names a process for good: its id and its start.
def entity($pid; $start):
  if $pid == null or $start == null then null
  else [$ARGS.named.host_id, $ARGS.named.boot_id, ($pid | tostring), $start] | map(select(. != null)) | join("-") end;

# The numbers of a terminal's device, as they are on every Linux: pts/N is 136:N, ttyN is 4:N.
def device:
  (text // "" | capture("^(?<kind>pts/|tty)(?<minor>[0-9]+)$") // null)
  | if . then {major: (if .kind == "tty" then 4 else 136 end), minor: (.minor | tonumber)} else null end;

def arguments: map(if . == null then "<unreadable>" else . end);

# A list as one word, since a label is one.
def ancestors: if . == null then null else map("\(.comm // "?"):\(.pid)") | join(" < ") end;

def common:
  {
    "@timestamp": .time,
    ecs: {version: "9.0.0"},
    event: {kind: "event", module: "execsnoop", dataset: "execsnoop.process", category: ["process"]},
    host: {id: $ARGS.named.host_id, boot: {id: $ARGS.named.boot_id}}
  };

def process:
  common * {
    container: {id: .container},
    process: {
      pid,
      entity_id: entity(.pid; digits("start")),
      start: (.start | date),
      name: .comm,
      user: {id: (.euid | text)},
      group: {id: (.egid | text)},
      real_user: {id: (.uid | text), name: .user},
      real_group: {id: (.gid | text)},
      tty: {char_device: (.tty | device)},
      parent: {
        pid: .ppid,
        entity_id: entity(.ppid; digits("parent_start")),
        start: (.parent_start | date),
        name: .pcomm
      }
    },
    labels: {
      ns_pid: (.ns_pid | text),
      loginuid: (.loginuid | text),
      session: (.session | text),
      tty,
      cpu: (.cpu | text),
      mntns: (.mntns | text),
      cgroup: digits("cgroup"),
      cgroup_path,
      source
    }
  };

def exec:
  process * {
    event: {
      action: "exec",
      type: ["start"],
      outcome: (if .ret == null then "unknown" elif .ret < 0 then "failure" else "success" end)
    },
    error: {code: .error},
    file: {inode: digits("exe_inode"), device: .exe_dev},
    process: {
      executable: .exe,
      working_directory: .cwd,
      args: (if .argv then .argv | arguments else null end),
      args_count: (if .argv == null or .truncated or .unreadable then null else .argv | length end),
      command_line: (if .argv then .argv | arguments | join(" ") else null end),
      env_vars: .env
    },
    labels: {
      filename,
      interp,
      check: (.check | text),
      ancestors: (.ancestors | ancestors),
      env_truncated: (.env_truncated | text),
      truncated: (.truncated | text),
      unreadable: (if .unreadable then .unreadable | join(" ") else null end)
    }
  };

def ended:
  process * {
    event: {action: "end", type: ["end"], duration: .duration_ns},
    process: {
      end: .time,
      uptime: (if .age_ns then .age_ns / 1000000000 | floor else null end),
      exit_code: .exit_status
    },
    labels: {signal, core: (.core | text)}
  };

# Events are missing here: ECS calls that an error of the pipeline.
def loss:
  common * {
    event: {kind: "pipeline_error", action: "lost", type: ["info"], start: .from, end: .to},
    error: {message: "\(.lost) execs, failed calls or ends were lost"},
    labels: {lost: (.lost | text), cpu: (.cpu | text)}
  };

(if .lost then loss elif .event == "exit" then ended else exec end) | known
