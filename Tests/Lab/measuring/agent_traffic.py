"""A cluster of thousands of nodes for the lab's agents, and the octets that one of them takes while it lives.

Nodes are objects of a real size whose kubelets are played at the default rate: a status PATCH with new heartbeat times
every five minutes. Their Leases (kube-node-lease) aren't made: no agent of ours watches them. Gateways among them have
an EgressNode and a Lease of ours, renewed every ten seconds. Octets are those of IP packets between the agent's node
and the API server, counted by nftables, TLS and TCP headers included.
"""
import concurrent.futures
import datetime
import json
import random
import subprocess
import sys
import threading
import time

from api import API

GATEWAYS = 10
LOCAL = threading.local()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def second():
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def api():
    """A connection for each thread."""
    if not hasattr(LOCAL, "api"):
        LOCAL.api = API(f"/run/egress-lab/{LAB}/api")
    return LOCAL.api


def name(number):
    return f"ip-10-{number // 65536}-{number // 256 % 256}-{number % 256}.eu-central-1.compute.internal"


def node(number):
    """As a kubelet of a cloud registers it; with 50 images, as many as it reports by default."""
    host = name(number)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": host,
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/instance-type": "m5.2xlarge", "beta.kubernetes.io/os": "linux",
                "failure-domain.beta.kubernetes.io/region": "eu-central-1", "failure-domain.beta.kubernetes.io/zone": "eu-central-1a",
                "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": host, "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "m5.2xlarge", "topology.ebs.csi.aws.com/zone": "eu-central-1a",
                "topology.kubernetes.io/region": "eu-central-1", "topology.kubernetes.io/zone": "eu-central-1a",
                "example.com/pool": f"pool-{number % 20}", **({"role": "egress-far"} if number < GATEWAYS else {}),
            },
            "annotations": {
                "csi.volume.kubernetes.io/nodeid": f'{{"ebs.csi.aws.com":"i-{number:017x}"}}', "node.alpha.kubernetes.io/ttl": "15",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {
            "podCIDR": f"10.{128 + number // 256}.{number % 256}.0/24", "podCIDRs": [f"10.{128 + number // 256}.{number % 256}.0/24"],
            "providerID": f"aws:///eu-central-1a/i-{number:017x}",
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.64.{number // 256}.{number % 256}"}, {"type": "Hostname", "address": host},
                {"type": "InternalDNS", "address": host},
            ],
            "allocatable": {"cpu": "7910m", "ephemeral-storage": "76224326324", "hugepages-1Gi": "0", "memory": "31482292Ki", "pods": "58"},
            "capacity": {"cpu": "8", "ephemeral-storage": "83873772Ki", "hugepages-1Gi": "0", "memory": "32499124Ki", "pods": "58"},
            "conditions": conditions(),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": [
                {"names": [f"012345678901.dkr.ecr.eu-central-1.amazonaws.com/team-{i}/service-{i}@sha256:{i * 7919 + number % 20:064x}",
                           f"012345678901.dkr.ecr.eu-central-1.amazonaws.com/team-{i}/service-{i}:v1.{i}.{number % 20}"],
                 "sizeBytes": 100000000 + i} for i in range(50)
            ],
            "nodeInfo": {
                "architecture": "amd64", "bootID": f"{number:036d}", "containerRuntimeVersion": "containerd://1.7.27",
                "kernelVersion": "6.1.132-147.221.amzn2023.x86_64", "kubeProxyVersion": "v1.32.3", "kubeletVersion": "v1.32.3",
                "machineID": f"ec2{number:029d}", "operatingSystem": "linux", "osImage": "Amazon Linux 2023.7.20250512",
                "systemUUID": f"ec2{number:033d}",
            },
        },
    }


def conditions():
    said = {"MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True"}
    return [
        {"type": kind, "status": status, "lastHeartbeatTime": second(), "lastTransitionTime": "2026-11-01T10:00:00Z",
         "reason": "KubeletReady" if kind == "Ready" else f"KubeletHasNo{kind}", "message": f"kubelet has {kind.lower()} {status.lower()}"}
        for kind, status in said.items()
    ]


def make_node(number):
    api().call("POST", "/api/v1/nodes", node(number), accept=(409,))


def make_gateway(number):
    host, labels = name(number), {"kubectl-egress.dev/gateway": "true"}
    made = api().call("POST", "/apis/kubectl-egress.dev/v1alpha1/egressnodes", {
        "apiVersion": "kubectl-egress.dev/v1alpha1", "kind": "EgressNode", "metadata": {"name": host, "labels": labels}}, accept=(409,))
    report(number)
    api().call("POST", "/apis/coordination.k8s.io/v1/namespaces/kubectl-egress/leases", {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": host, "labels": labels},
        "spec": {"holderIdentity": host, "leaseDurationSeconds": 30, "renewTime": now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}}, accept=(409,))
    return made


def report(number):
    """A gateway's report changes: what a change of one policy does to each gateway."""
    api().merge(f"/apis/kubectl-egress.dev/v1alpha1/egressnodes/{name(number)}/status", {"status": {
        "reportedAt": second(),
        "helper": {"version": "0.1.0", "abi": 3, "datapath": "tcx"},
        "interfaces": [{"name": "eth0", "altNames": [], "index": 2, "addresses": [f"10.64.0.{number}/16"], "up": True}],
        "resolutions": [{"policy": "far", "uid": "9f0c", "entry": 0, "id": 17 + number, "ipv4": [f"10.64.0.{number}"], "ipv6": [],
                         "interface": "eth0", "code": "", "reason": ""}],
    }})


def renew(number):
    api().merge(f"/apis/coordination.k8s.io/v1/namespaces/kubectl-egress/leases/{name(number)}",
                {"spec": {"renewTime": now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}})


def heartbeat(number):
    api().call("PATCH", f"/api/v1/nodes/{name(number)}/status", {"status": {"conditions": conditions()}},
               "application/strategic-merge-patch+json")


def own_label(number):
    api().merge("/api/v1/namespaces/default/pods/mediabot", {"metadata": {"labels": {"round": str(number)}}})


def far_pod(number):
    """A pod of another node comes and goes: no business of the agent's."""
    host = f"far-{number}"
    api().call("POST", "/api/v1/namespaces/default/pods", {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": host, "labels": {"org": "empire"}},
        "spec": {"nodeName": name(number % NODES), "containers": [{"name": "main", "image": "none"}]}})
    api().call("DELETE", f"/api/v1/namespaces/default/pods/{host}?gracePeriodSeconds=0")


def policy(number):
    api().merge("/apis/cilium.io/v2/ciliumegressgatewaypolicies/egress-sample", {"metadata": {"annotations": {"round": str(number)}}})


def every(pool, stop, interval, work, numbers):
    """Calls work at an interval until the end; a pool that is behind shows in the count."""
    def loop():
        done, start = 0, time.monotonic()
        while not stop.is_set():
            pool.submit(work, numbers(done)).add_done_callback(lambda f: f.cancelled() or f.exception() and print(f.exception(), file=sys.stderr))
            done += 1
            stop.wait(max(0, start + done * interval - time.monotonic()))
    thread = threading.Thread(target=loop)
    thread.start()
    return thread


def counted():
    """(octets from the API server, octets to it) of node-1."""
    text = subprocess.run(["ip", "netns", "exec", f"egt-{LAB}-node-1", "nft", "-j", "list", "counters", "table", "inet", "measure"],
                          check=True, capture_output=True, text=True).stdout
    bytes_of = {entry["counter"]["name"]: entry["counter"]["bytes"] for entry in json.loads(text)["nftables"] if "counter" in entry}
    return bytes_of["taken"], bytes_of["given"]


def phase(label, seconds, churn):
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        threads = [
            every(pool, stop, 300 / NODES, heartbeat, lambda n: n % NODES),
            every(pool, stop, 10 / GATEWAYS, renew, lambda n: n % GATEWAYS),
        ]
        if churn:
            threads += [
                every(pool, stop, 1, own_label, lambda n: n),
                every(pool, stop, 0.2, far_pod, lambda n: n),
                every(pool, stop, 10, policy, lambda n: n),
                every(pool, stop, 1, report, lambda n: n % GATEWAYS),
            ]
        time.sleep(5)
        before, start = counted(), time.monotonic()
        time.sleep(seconds)
        after, took = counted(), time.monotonic() - start
        stop.set()
        for thread in threads:
            thread.join()
    taken, given = (round((a - b) / took) for a, b in zip(after, before))
    print(f"{label}: {taken} octets/s taken, {given} octets/s given", flush=True)
    return taken, given


def setup():
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _ in pool.map(make_node, range(NODES)):
            pass
        for _ in pool.map(make_gateway, range(GATEWAYS)):
            pass
    size = len(json.dumps(api().call("GET", f"/api/v1/nodes/{name(0)}"), separators=(",", ":")))
    print(f"{NODES} nodes of {size} octets each, {GATEWAYS} of them gateways", flush=True)


def measure(seconds, output):
    start, _ = counted()
    print(f"start: {start} octets taken for the first lists", flush=True)
    idle, given = phase("idle, heartbeats only", seconds, churn=False)
    churn, _ = phase("churn", seconds, churn=True)
    figure = {
        "name": "agent-traffic", "unit": "octets/s", "ours": idle, "peers": {"churn": churn, "given": given},
        "note": f"taken by one agent from the API server at {NODES} nodes, {GATEWAYS} gateways, over {seconds} s; first lists {start} octets",
    }
    if output:
        with open(output, "a") as file:
            file.write(json.dumps(figure, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    LAB, NODES = sys.argv[2], int(sys.argv[3])
    random.seed(1)
    if sys.argv[1] == "setup":
        setup()
    else:
        measure(int(sys.argv[4]), sys.argv[5] if len(sys.argv) > 5 else "")
