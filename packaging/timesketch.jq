# SPDX-License-Identifier: GPL-2.0-only
# Turns the records of execsnoop -J into events for Timesketch, one a line (JSONL):
#
#     jq -c -f packaging/timesketch.jq /var/log/execsnoop.json >execsnoop.jsonl
#
# Each event has message, datetime, timestamp (microseconds since 1970), timestamp_desc and data_type, and beside them the keys
# of the record that are not null. jq 1.6 or later.

def seconds: . / 1000000 | floor / 1000;

# As the shell would need it, so that "a b" and "a" "b" are not the same.
def quoted: if . == null then "<unreadable>" elif test("^[A-Za-z0-9%+,./:=@_-]+$") then . else @sh end;

def command: (.argv // [.filename] | map(quoted) | join(" ")) + (if .truncated then " ..." else "" end);

def who: " [pid \(.pid), user \(.user // .uid // "?"), parent \(.pcomm // "?") \(.ppid // "?")]";

def told:
  if .lost then
    {message: "\(.lost) execs, failed calls or ends were lost", timestamp_desc: "Records lost", data_type: "execsnoop:loss"}
  elif .event == "exit" then
    {
      message: ("\(.comm // "?") ended"
        + (if .signal then " by \(.signal)" elif .exit_status != null then " with \(.exit_status)" else "" end)
        + (if .duration_ns then " after \(.duration_ns | seconds) s" else "" end) + who),
      timestamp_desc: "Process ended",
      data_type: "execsnoop:exit"
    }
  elif .error then
    {
      message: "\(.error): \(.filename | quoted): \(command)\(who)",
      timestamp_desc: "Execution failed",
      data_type: "execsnoop:exec"
    }
  else
    {message: "\(command)\(who)", timestamp_desc: "Process executed", data_type: "execsnoop:exec"}
  end;

# OpenSearch takes a list of words, but not one of objects, as a field to search in.
def flat: if .ancestors then .ancestors |= map("\(.comm // "?"):\(.pid)") else . end;

# The time has nine digits behind the point; Python's datetime has six.
told
+ {
    datetime: (.time[0:26] + "+00:00"),
    timestamp: ((.time[0:19] + "Z" | fromdate) * 1000000 + (.time[20:26] | tonumber))
  }
+ (flat | del(.time) | with_entries(select(.value != null)))
