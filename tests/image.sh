#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The container image, and the DaemonSet for Kubernetes. buildah builds the image, umoci unpacks it, and runc runs it with
# what packaging/kubernetes/daemonset.yaml asks for, read from that file, as a kubelet and containerd would.
# Usage: image.sh EXECSNOOP [DIRECTORY], as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
set -- "$1" "${2:-build/tests}"
. "$(dirname "$0")/harness.sh"
X=$(realpath "$X")
PACKAGING=$(cd "$(dirname "$0")/../packaging" && pwd)
YAML=$PACKAGING/kubernetes/daemonset.yaml
PATH=$PATH:/usr/sbin:/sbin
U=execsnoop-${T##*/} # names of containers and cgroups begin with it
VERSION=$("$X" -V | sed -n '1s/^execsnoop \([^ ,]*\).*/\1/p')
V2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
ID=$(printf '%064d' $$)
SCOPE=$V2/$U/cri-containerd-$ID.scope

containerd='' container=''
end_all() {
	[ -z "$container" ] || runc --root "$T/runc" delete -f "$container"
	[ -z "$containerd" ] || { kill "$containerd"; wait "$containerd"; }
	[ -z "$V2" ] || rmdir "$SCOPE" "$V2/$U"
	remove_all
}
trap 'end_all 2>/dev/null' EXIT

# ---- the image ----

# buildah_ COMMAND...: its storage is the test's own. So are its caches, since it takes us for a user who is not root.
buildah_() {
	mkdir -p "$T/home"
	env HOME="$T/home" XDG_RUNTIME_DIR="$T/home" _CONTAINERS_ROOTLESS_UID=65534 timeout -s KILL 120 \
		buildah --root "$T/storage" --runroot "$T/run" --storage-driver vfs "$@" >>"$D/log" 2>&1 </dev/null ||
		fail "buildah $*: $(tail -n 3 "$D/log")"
}

# build NAME CONTEXT [OPTION]...: the bundle $T/NAME of an image that is built in this directory.
build() {
	name=$1 context=$2
	shift 2
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
	buildah_ bud --isolation chroot --signature-policy "$T/policy.json" -f "$PACKAGING/container/Containerfile" \
		-t "$name" "$@" "$context"
	buildah_ push --signature-policy "$T/policy.json" "$name" "oci:$T/$name.oci:latest"
	umoci unpack --image "$T/$name.oci:latest" "$T/$name" >>"$D/log" 2>&1 || fail "umoci: $(tail -n 3 "$D/log")"
}

# one_file NAME: that is all that the image has.
one_file() {
	is "$(cd "$T/$1/rootfs" && find . ! -path . -printf '%P %y %m %U:%G\n')" "execsnoop f 755 0:0"
	cmp "$T/$1/rootfs/execsnoop" "$X" >"$D/log" 2>&1 || fail "it has another binary: $(cat "$D/log")"
}

# need_image: $T/image, from a directory as a release's.
need_image() {
	[ ! -d "$T/image/rootfs" ] || return 0
	mkdir "$D/dist"
	cp "$X" "$D/dist/execsnoop-$(dpkg --print-architecture)"
	chmod 644 "$D/dist"/* # as after a download
	echo other >"$D/dist/execsnoop-other"
	build image "$D/dist"
	cp "$T/image/config.json" "$T/image/config.json.unpacked" || fail "there is no image"
}

image() {
	need_image || return
	one_file image
	# The image's configuration, by the index and the manifest.
	at=$T/image.oci file=index.json
	for path in '.manifests[0].digest' .config.digest; do
		file=blobs/$(jq -r "$path" "$at/$file" | tr : /)
	done
	[ -f "$at/$file" ] || { fail "there is no configuration"; return; }
	is "$(jq -r '"\(.os) \(.architecture) \(.rootfs.diff_ids | length)"' "$at/$file")" "linux $(dpkg --print-architecture) 1"
	is "$(jq -c '.config | [.Entrypoint, .Cmd, .User, .Volumes]' "$at/$file")" '[["/execsnoop"],null,null,null]'
	jq '.config.Labels | with_entries(select(.key | startswith("org.opencontainers")) | .key |= sub(".*[.]"; ""))' \
		"$at/$file" >"$D/labels"
	is "$(jq -c keys "$D/labels")" '["description","licenses","title","version"]'
	is "$(jq -r '.title + " " + .version + " " + .licenses' "$D/labels")" "execsnoop $VERSION GPL-2.0-only"
}

image_by_name() {
	mkdir "$D/context"
	cp "$X" "$D/context/execsnoop"
	build named "$D/context" --build-arg BINARY=execsnoop
	one_file named
}

# ---- the manifest ----

# python SCRIPT [ARGUMENT]...: with the manifest's documents in `documents`, the DaemonSet in `daemonset`, its pod and container.
python() {
	script=$1
	shift
	/usr/bin/python3 - "$@" <<-END
		import json, sys, yaml
		sys.excepthook = lambda kind, error, trace: sys.exit(f"{kind.__name__}: {error}")
		documents = list(yaml.safe_load_all(open("$YAML")))
		daemonset = next(document for document in documents if document["kind"] == "DaemonSet")
		pod = daemonset["spec"]["template"]["spec"]
		container, = pod["containers"]
		context = container["securityContext"]
		$script
	END
}

whole() {
	python '
version = sys.argv[1]
def same(found, wanted):
    if found != wanted:
        print(f"{found} is not {wanted}")
namespace, = (document for document in documents if document["kind"] == "Namespace")
same([document["kind"] for document in documents], ["Namespace", "DaemonSet"])
same([namespace["apiVersion"], daemonset["apiVersion"]], ["v1", "apps/v1"])
same(daemonset["metadata"]["namespace"], namespace["metadata"]["name"])
for mode in "enforce", "audit", "warn":
    same(namespace["metadata"]["labels"]["pod-security.kubernetes.io/" + mode], "privileged")
labels = daemonset["spec"]["template"]["metadata"]["labels"]
same(daemonset["spec"]["selector"], {"matchLabels": labels})
same(daemonset["spec"]["updateStrategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})
same(pod["tolerations"], [{"operator": "Exists"}])
same([pod["hostPID"], pod.get("hostNetwork"), pod.get("hostIPC")], [True, None, None])
same([pod["automountServiceAccountToken"], pod["enableServiceLinks"]], [False, False])
same(container["image"].split("/")[-1], "execsnoop:" + version)
same([context["privileged"], context["allowPrivilegeEscalation"]], [False, False])
same(context["readOnlyRootFilesystem"], True)
same(context["capabilities"]["drop"], ["ALL"])
same(context["seccompProfile"], {"type": "RuntimeDefault"})
same(sorted(container["resources"]["limits"]), ["cpu", "memory"])
same(sorted(container["resources"]["requests"]), ["cpu", "memory"])
same([mount["name"] for mount in container["volumeMounts"]], [volume["name"] for volume in pod["volumes"]])
same([mount.get("readOnly") for mount in container["volumeMounts"]], [True] * len(pod["volumes"]))
' "$VERSION" >"$D/log" 2>&1
	[ ! -s "$D/log" ] || fail "$(cat "$D/log")"
}

lint() {
	yamllint -d '{extends: default, rules: {line-length: {max: 130}}}' "$YAML" >"$D/log" 2>&1 || fail "$(cat "$D/log")"
}

# The types of the Kubernetes API, from the npm package that has them. It looks at the types and at what is required. So that
# it sees unknown keys, too, the objects note which of their keys it asks for. All of it runs as a user without power.
schema() {
	mkdir "$D/npm"
	/usr/bin/python3 -c 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))' "$YAML" \
		>"$D/npm/documents.json" 2>"$D/log" || { fail "$(tail -n 3 "$D/log")"; return; }
	cat >"$D/npm/validate.js" <<-'END'
		const noted = (value, path, wrong) => {
			if (typeof value !== "object" || value === null)
				return { value, finish: () => {} };
			const asked = new Set(), inner = {}, copy = Array.isArray(value) ? [] : {};
			for (const key of Object.keys(value)) {
				inner[key] = noted(value[key], `${path}/${key}`, wrong);
				copy[key] = inner[key].value;
			}
			return {
				value: new Proxy(copy, { get: (object, key) => { asked.add(key); return object[key]; } }),
				finish: () => {
					for (const key of Object.keys(value))
						if (asked.has(key)) inner[key].finish();
						else wrong.push(`${path}/${key} is no key of the API`);
				},
			};
		};
		const models = "./node_modules/kubernetes-models";
		const schemas = { Namespace: "CoreV1Namespace", DaemonSet: "AppsV1DaemonSet" }, wrong = [];
		for (const document of require("./documents.json")) {
			const { validate } = require(`${models}/_schemas/IoK8sApi${schemas[document.kind]}.js`);
			const it = noted(document, document.kind, wrong);
			if (!validate(it.value))
				for (const e of validate.errors) wrong.push(`${document.kind}${e.instancePath}: ${e.keyword}`);
			it.finish();
		}
		console.log(wrong.length ? wrong.join("\n") : "valid");
	END
	chmod 711 "$T" "$D"
	chown -R 65534:65534 "$D/npm"
	(cd "$D/npm" && as_nobody timeout -s KILL 60 npm install --no-save --ignore-scripts --no-audit --no-fund \
		--fetch-retries=0 --fetch-timeout=20000 kubernetes-models@4.5.1) >"$D/log" 2>&1 </dev/null ||
		{ skipped="npm cannot install kubernetes-models: $(head -n 1 "$D/log" | tr -d '#')"; return; }
	(cd "$D/npm" && as_nobody timeout -s KILL 60 node validate.js) >"$D/log" 2>&1 </dev/null
	is "$(cat "$D/log")" valid
}
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$D/npm" npm_config_cache="$D/npm/cache" "$@"; }

# ---- the container ----

# How a kubelet and containerd read the manifest. `without` is one of the capabilities, or hostPID, that is left out.
SPEC='
bundle, profile, without, cgroup_namespace, more = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
spec = json.load(open(bundle + "/config.json.unpacked"))
if "--capabilities" in more:
    print(*context["capabilities"]["add"])
    sys.exit()
capabilities = ["CAP_" + name for name in context["capabilities"]["add"] if name != without]
process = spec["process"]
process.update(terminal=False, args=process["args"] + container["args"] + more,
               noNewPrivileges=not context["allowPrivilegeEscalation"],
               user={"uid": context["runAsUser"], "gid": context["runAsGroup"]},
               rlimits=[{"type": "RLIMIT_MEMLOCK", "soft": 65536, "hard": 65536}],
               capabilities={name: capabilities for name in ("bounding", "effective", "permitted")})
spec["root"]["readonly"] = context["readOnlyRootFilesystem"]
linux = spec["linux"]
linux["namespaces"] = [{"type": name} for name in ("network", "ipc", "uts", "mount")]
if not pod["hostPID"] or without == "hostPID":
    linux["namespaces"].append({"type": "pid"})
if cgroup_namespace == "private":
    linux["namespaces"].append({"type": "cgroup"})
def size(text, units={"m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}):
    unit = next((unit for unit in units if text.endswith(unit)), "")
    return float(text.removesuffix(unit)) * units.get(unit, 1)
limits = container["resources"]["limits"]
linux["resources"].update(memory={"limit": int(size(limits["memory"])), "swap": int(size(limits["memory"]))},
                          cpu={"quota": int(size(limits["cpu"]) * 100000), "period": 100000})
paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"]}
targets = [mount["mountPath"] for mount in container["volumeMounts"]]
spec["mounts"] = [mount for mount in spec["mounts"] if mount["destination"] not in targets] + [
    {"type": "bind", "source": paths[mount["name"]], "destination": mount["mountPath"],
     "options": ["rbind", "rprivate", "ro" if mount["readOnly"] else "rw"]} for mount in container["volumeMounts"]]
if context["seccompProfile"]["type"] == "RuntimeDefault" and profile != "none":
    linux["seccomp"] = json.load(open(profile))["Spec"]["linux"]["seccomp"]
    # containerd 1.6.22 and 1.7.3 allow this to all. Debian 12 has 1.6.20, which wants CAP_SYS_ADMIN for it.
    linux["seccomp"]["syscalls"].append({"names": ["name_to_handle_at"], "action": "SCMP_ACT_ALLOW"})
json.dump(spec, open(bundle + "/config.json", "w"))
print(*capabilities)
'

# start_containerd: one of the test's own, which is asked for its default seccomp profile.
start_containerd() {
	command -v containerd ctr >/dev/null || return 1
	[ -z "$containerd" ] || return 0
	cat >"$T/containerd.toml" <<-END
		version = 2
		root = "$T/containerd"
		state = "$T/containerd.state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
			"io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
			"io.containerd.snapshotter.v1.devmapper"]
		[grpc]
		address = "$T/containerd.sock"
		[ttrpc]
		address = "$T/containerd.ttrpc"
	END
	containerd -c "$T/containerd.toml" >"$T/containerd.log" 2>&1 </dev/null &
	containerd=$!
	tries=0
	until ctr -a "$T/containerd.sock" version >/dev/null 2>&1; do
		nap
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || { fail "containerd: $(tail -n 1 "$T/containerd.log")"; return 1; }
	done
}

ctr_() { ctr -a "$T/containerd.sock" containers "$@"; }

# configure WITHOUT CGROUP_NAMESPACE [ARGUMENT]...: the bundle's configuration. containerd's profile depends on the capabilities.
configure() {
	need_image || return 1
	profile=none
	if start_containerd; then
		capabilities=$(python "$SPEC" "$T/image" none "$@" 2>"$D/log") || { fail "$(cat "$D/log")"; return 1; }
		profile=$D/profile
		options=
		for c in CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE \
			SYS_CHROOT KILL AUDIT_WRITE; do
			echo "$capabilities" | grep -qw "CAP_$c" || options="$options --cap-drop CAP_$c"
		done
		for c in $capabilities; do options="$options --cap-add $c"; done
		# shellcheck disable=SC2086 # words
		ctr_ create --seccomp --rootfs $options "$T/image/rootfs" "$U-$case_number" /execsnoop >"$D/log" 2>&1 &&
			ctr_ info "$U-$case_number" >"$profile" 2>"$D/log"
		jq -e '.Spec.linux.seccomp' "$profile" >/dev/null 2>&1 || { fail "ctr: $(cat "$D/log")"; return 1; }
	else
		echo "# without the seccomp profile: there is no containerd here"
	fi
	python "$SPEC" "$T/image" "$profile" "$@" >"$D/log" 2>&1 || { fail "$(cat "$D/log")"; return 1; }
}

# run_it WITHOUT CGROUP_NAMESPACE [ARGUMENT]...: the container traces then.
run_it() {
	configure "$@" || return 1
	container=$U-$case_number
	: >"$out"
	runc --root "$T/runc" run -b "$T/image" "$container" >"$out" 2>"$err" </dev/null &
	tracer=$!
	tries=0
	until [ -s "$out" ] || ! kill -0 $tracer 2>/dev/null || [ $tries -ge 500 ]; do
		"$D/prog" begins
		nap
		tries=$((tries + 1))
	done
	[ -s "$out" ] && return
	fail "it does not trace: $(cat "$err")"
	end_it
	return 1
}

# end_it: as a kubelet ends it. $status then.
end_it() {
	runc --root "$T/runc" kill "$container" TERM 2>/dev/null
	tries=0
	while kill -0 "$tracer" 2>/dev/null && [ $tries -lt 100 ]; do nap; tries=$((tries + 1)); done
	kill -0 "$tracer" 2>/dev/null && { fail "it does not end on SIGTERM"; runc --root "$T/runc" kill "$container" KILL; }
	wait "$tracer"
	status=$?
	tracer='' container=''
}

# line NAME JQ: of the exec with this argument there is one line, of which the filter of jq is true.
line() {
	jq -c --arg name "$1" 'select(.argv[1]? == $name)' "$out" >"$D/line" 2>"$D/log" || fail "it is no JSON: $(cat "$D/log")"
	is "$(wc -l <"$D/line")" 1
	jq -e "$2" "$D/line" >/dev/null || fail "not so: $2: $(cat "$D/line")"
}

# in_scope COMMAND...: in a cgroup as those of Kubernetes's containers.
in_scope() {
	mkdir -p "$SCOPE"
	# shellcheck disable=SC2016 # the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs"; "$@"; :' "$SCOPE" "$@"
}
no_scope() {
	case $V2 in
	/sys/fs/cgroup | /sys/fs/cgroup/*) return 1 ;;
	esac
	skipped="cgroup v2 is not mounted below /sys/fs/cgroup"
}

# Memory that is not in the page tables, of which a call that fails never reads.
fails_unread() {
	/usr/bin/python3 - "$D/unread" <<-'END'
		import ctypes, os, sys, time
		libc = ctypes.CDLL(None)
		libc.mmap.restype = ctypes.c_void_p
		libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
		file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
		os.write(file, b"unread".ljust(4096, b"\0"))
		read = [ctypes.cast(ctypes.c_char_p(s), ctypes.c_void_p).value for s in (b"prog", b"fails")]
		strings = (ctypes.c_void_p * 4)(*read, libc.mmap(None, 4096, 1, 2, file, 0), None)
		libc.execve(os.fsencode(sys.argv[1] + "/nothing"), strings, None)
		time.sleep(0.5)
	END
}

traces() {
	run_it nothing host || return
	"$D/prog" shown 'two words'
	end_it
	line shown ".argv == [\"$D/prog\", \"shown\", \"two words\"] and .source == \"bpf\" and .ppid == $$ and .euid == 0"
	quiet
}

ends() {
	run_it nothing host || return
	end_it
	is "$status" 0
	quiet
}

unprivileged() {
	run_it nothing host || return
	for p in $(runc --root "$T/runc" ps -f json "$container" | jq '.[]'); do
		awk '/^(Uid|CapEff|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$p/status" && echo
	done | sort >"$D/processes"
	end_it
	# The helper is root, and has what it needs. The reader is another user, and has nothing.
	is "$(wc -l <"$D/processes")" 2
	grep -q '^0 0*c000084004 1 2 $' "$D/processes" || fail "no such helper: $(cat "$D/processes")"
	grep -q '^[1-9][0-9]* 0000000000000000 1 2 $' "$D/processes" || fail "no such reader: $(cat "$D/processes")"
}

names_containers() {
	no_scope && return
	run_it nothing "$1" || return
	in_scope "$D/prog" inside
	end_it
	line inside ".container == \"$ID\" and .cgroup_path == \"/$U/cri-containerd-$ID.scope\""
	quiet
}
names_host() { names_containers host; }
names_private() { names_containers private; }

# ---- without one of the capabilities ----

ends_without() {
	configure "$1" host || return
	container=$U-$case_number
	timeout -s KILL 30 runc --root "$T/runc" run -b "$T/image" "$container" >"$out" 2>"$err" </dev/null
	is $? 1
	container=
	[ ! -s "$out" ] || fail "something is shown"
	has "$err" "^execsnoop: cannot .* BPF .*: Operation not permitted"
}
without_BPF() { ends_without BPF; }
without_PERFMON() { ends_without PERFMON; }

without_ids() {
	run_it "$1" host || return
	"$D/prog" shown
	end_it
	line shown '.euid == null and .egid == null and .uid == 0'
}
without_SETUID() { without_ids SETUID; }
without_SETGID() { without_ids SETGID; }

without_IPC_LOCK() {
	configure IPC_LOCK host --duration=0.5 || return
	container=$U-$case_number
	timeout -s KILL 30 runc --root "$T/runc" run -b "$T/image" "$container" >"$out" 2>"$err" </dev/null
	status=$?
	container=
	# If other tracers of root run, there may be no room for rings at all.
	case $status in
	0) has "$err" '^execsnoop: warning: rings of [0-9]* KiB a CPU, not [0-9]*: .*CAP_IPC_LOCK' ;;
	1) has "$err" '^execsnoop: cannot map a ring of 64 KiB: .*CAP_IPC_LOCK' ;;
	*) fail "exit status $status: $(cat "$err")" ;;
	esac
}

# reads WITHOUT JQ: what is shown of a failed call whose argument was not in memory.
reads() {
	run_it "$1" host -x || return
	fails_unread
	end_it
	line fails "$2"
}
UNREAD='.argv == ["prog", "fails", null] and .unreadable == ["argv"]'
with_all_reads() { reads nothing '.argv == ["prog", "fails", "unread"]'; }
without_SYS_PTRACE() { reads SYS_PTRACE "$UNREAD"; }
without_hostPID() { reads hostPID "$UNREAD"; }

without_DAC_READ_SEARCH() {
	no_scope && return
	run_it DAC_READ_SEARCH host || return
	in_scope "$D/prog" inside
	end_it
	line inside '.container == null and .cgroup_path == null'
}

# Nothing is asked for whose loss no case shows.
each_has_a_case() {
	need_image || return
	for c in $(python "$SPEC" "$T/image" none nothing host --capabilities); do
		command -v "without_$c" >/dev/null || fail "no case shows what CAP_$c is for"
	done
}

case_ "buildah builds an image of one file from the Containerfile" image buildah umoci jq dpkg
case_ "the binary can have another name" image_by_name buildah umoci
NEEDS='buildah umoci runc jq dpkg /usr/bin/python3'
if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	case_ "the DaemonSet is of one piece, and asks for no power but its capabilities" whole /usr/bin/python3
	case_ "yamllint finds nothing in it" lint yamllint
	case_ "it is what the Kubernetes API takes" schema npm node setpriv
else
	NEEDS='python3-yaml'
fi
if ! unshare -m true 2>/dev/null; then NEEDS='mount-namespaces'; fi
while read -r function sentence; do
	# shellcheck disable=SC2086 # words
	case_ "$sentence" "$function" $NEEDS
done <<END
traces an exec of the host is one line of the DaemonSet's container, by BPF
ends it ends on SIGTERM, with status 0
unprivileged once it traces, its reader has no power, and its helper little
names_host a line has the id of the container that executed
names_private in a cgroup namespace of its own, too, a line has that id
with_all_reads an argument that was not in memory is read from the process
without_hostPID without hostPID such an argument is unreadable
without_SYS_PTRACE without SYS_PTRACE such an argument is unreadable
without_BPF without BPF it ends, and says why
without_PERFMON without PERFMON it ends, and says why
without_SETUID without SETUID the effective ids are not known
without_SETGID without SETGID the effective ids are not known
without_IPC_LOCK without IPC_LOCK the rings are smaller, or cannot be mapped
without_DAC_READ_SEARCH without DAC_READ_SEARCH the container of a program that has ended is not known
each_has_a_case each capability has a case that shows what it is for
END
