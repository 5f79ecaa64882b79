namespace Tangram.Cli;

/// <summary>What <c>--help</c> shows beneath the options, by command; "" is the program itself.</summary>
internal static class Examples
{
    private static readonly Dictionary<string, string[]> Cluster = new()
    {
        [""] =
        [
            "tangram up -f compose.yaml          run the cluster of this file until Ctrl-C",
            "tangram status                      is it ready?",
            "tangram deploy                      make it match the file, or say why not",
            "",
            "Exit codes: 0 done; 1 tried and failed; 2 the file or the arguments are wrong; 3 no cluster answers.",
            "A command finds its cluster by TANGRAM_HOST (a socket or URL), else the file given or in this folder,",
            "else the only one that runs.",
        ],
        ["up"] = ["tangram up", "tangram up -f shop/compose.yaml --detach"],
        ["plan"] = ["tangram plan -f compose.yaml", "tangram plan --resources            how large must nodes be?"],
        ["deploy"] =
        [
            "tangram deploy", "tangram deploy --supersede          replace a rollout that hangs",
            "tangram deploy --attach             follow a rollout again",
        ],
        ["ps"] =
        [
            "tangram ps", "tangram ps order --json",
            "tangram ps --watch                  as they change, until q",
        ],
        ["top"] = ["tangram top", "tangram top order --once"],
        ["api"] = ["tangram api > openapi.json"],
        ["status"] = ["tangram status --json"],
        ["events"] = ["tangram events --follow"],
        ["logs"] =
        [
            "tangram logs order --tail 20", "tangram logs order-3 --follow",
            "tangram logs order web --since 10m --grep 'timeout|refused'",
        ],
        ["why"] = ["tangram why", "tangram why order-3", "tangram why a-1"],
        ["completion"] =
        [
            "source <(tangram completion bash)                    in ~/.bashrc; for zsh likewise in ~/.zshrc",
            "tangram completion fish > ~/.config/fish/completions/tangram.fish",
        ],
        ["history"] = ["tangram history"],
        ["jobs"] = ["tangram jobs", "tangram jobs report              the runs of one job"],
        ["run"] = ["tangram run report", "tangram run report --detach"],
        ["diff"] =
        [
            "tangram diff                        from what runs to the file",
            "tangram diff 3 5                    from one revision to another",
        ],
        ["scale"] = ["tangram scale order=6 web=3"], ["rollback"] = ["tangram rollback"],
        ["drain"] = ["tangram drain a-1"], ["undrain"] = ["tangram undrain a-1"], ["revive"] = ["tangram revive a-1"],
        ["kill"] = ["tangram kill order-3", "tangram kill a-1 --for 30s"],
        ["down"] =
        [
            "tangram down -f compose.yaml", "tangram down --volumes              and remove its volumes, for good",
        ],
        ["config"] =
        [
            "tangram config -f compose.yaml -f production.yaml", "tangram config --services",
            "tangram config --schema > x-tangram.schema.json      for an editor",
        ],
    };

    private static readonly Dictionary<string, string[]> Traffic = new()
    {
        ["backend"] =
        [
            "tangram backend order-3 --weight 50%     half of its share, at every gateway",
            "tangram backend order-3 --drain          no new requests, but for clients that stay with it",
            "tangram backend order-3 --maintenance    no new requests at all",
            "tangram backend order-3 --normal         as before",
        ],
    };

    private static readonly Dictionary<string, string[]> Drills = new()
    {
        ["injector"] =
        [
            "tangram injector --cluster shop --name n1 --listen 10.0.0.5:7650 --tls /etc/tangram/tls",
            "tangram injector --cluster shop --name s1 --listen 10.0.0.1:7650 --tls /etc/tangram/tls --zone a",
            "",
            "Where none runs, nothing can be broken. Only who has a server's certificate is let in; when the drill is",
            "gone, all that it broke here is mended. It also makes a part of `tangram load … --injector`.",
        ],
    };

    private static readonly Dictionary<string, string[]> Machines = new()
    {
        ["server"] =
        [
            "tangram server --cluster shop --name s1 --listen 10.0.0.1:7600 --tls /etc/tangram/tls \\",
            "    --server 10.0.0.1:7600,10.0.0.2:7600,10.0.0.3:7600 --etcd https://10.0.0.1:2379,https://10.0.0.2:2379",
        ],
        ["agent"] =
        [
            "tangram agent --cluster shop --name n1 --zone a --listen 10.0.0.5:7601 --tls /etc/tangram/tls \\",
            "    --server 10.0.0.1:7600,10.0.0.2:7600,10.0.0.3:7600 --label disk=ssd --cpus 8 --memory 16G",
        ],
        ["gateway"] =
        [
            "tangram gateway --cluster shop --name g1 --zone a --tls /etc/tangram/tls \\",
            "    --server 10.0.0.1:7600,10.0.0.2:7600,10.0.0.3:7600",
        ],
        ["ca"] =
        [
            "tangram ca init --cluster shop                         make ./ca/: keep it away from the cluster",
            "tangram ca issue server s-1 --address 10.0.0.1         make ./s-1/, for --tls on that machine",
            "tangram ca issue agent a-1 --address 10.0.0.11 --days 90",
            "tangram ca show s-1                                    whose, and until when?",
        ],
        ["doctor"] =
        [
            "tangram doctor                      is this machine fit?",
            "tangram doctor -f compose.yaml      and for this file?",
            "tangram doctor --fix                carry out what is safe, after asking",
        ],
        ["routes"] =
        [
            "tangram routes", "tangram routes order --watch        once a second, until q",
            "tangram routes --gateway gateway-1 --json",
        ],
        ["version"] = ["tangram version --json"],
    };

    private static readonly Dictionary<string, string[]> Proofs = new()
    {
        ["load"] =
        [
            "tangram load http://127.0.0.1:8080/ --rate 300 --duration 60s",
            "tangram load http://127.0.0.1:8080/ --profile '10..500 30s, 500 1m'    rises, and stays there",
            "tangram load http://127.0.0.1:8080/ --users 500 --think 1s    each asks again a second after the answer",
            "tangram load http://10.0.0.1/ --also http://10.0.0.2/    when one is gone, the other is tried",
            "tangram load http://10.0.0.1:9000/ --find-limit --latency 100ms    how much does it carry?",
            "tangram load /api/orders --find-limit --service order    one replica of it; `tangram plan` then knows",
            "tangram load https://shop.example/ --http2 --report load.html    and a page with charts",
            "tangram load wss://shop.example/live --rate 200 --connections 50    messages, each with its answer",
            "tangram load shop.yaml                                   steps, data, checks and thresholds from a file",
            "tangram load plan.jmx -J users=5000 -J duration=60       a JMeter test plan, as JMeter saves it",
            "tangram load session.har --users 20 --duration 1m        what a browser recorded",
            "tangram load access.log --target http://10.0.0.1:8080 --speed 10    what was asked before, faster",
            "tangram load http://10.0.0.1/ --users 9000 --tls /etc/tangram/tls --injector 10.0.0.5:7650,10.0.0.6:7650",
            "                                                 from two machines, as one load with one verdict",
        ],
        ["drill"] =
        [
            "tangram drill                                    the ready drills",
            "tangram drill replica-loss                       on the cluster that runs here: exit 0 when it held",
            "tangram drill --print replica-loss > mine.yaml   a copy to change",
            "tangram drill mine.yaml --seed 7 --json",
            "tangram drill replica-loss --history             how it went each time",
            "tangram drill zone-loss --tls /etc/tangram/tls --injector 10.0.0.1:7650,10.0.0.5:7650,10.0.0.6:7650",
            "                                                 on several machines, from a server of it",
            "tangram drill node-loss --report drill.html      and a page with load and faults on one time axis",
            "",
            "Exit codes: 0 the hypothesis was kept; 1 it was broken, or nothing was shown; 2 the file is wrong, or",
            "names what is not there; 3 no cluster answers.",
        ],
        ["prove"] =
        [
            "tangram prove --dry-run                          what would be held here, and how long it takes",
            "tangram prove                                    all of it, the gentlest first; exit 0 when all held",
            "tangram prove --only replica-loss,node-loss --seed 7",
            "tangram prove --except everything --budget 3m --keep-going --json",
            "",
            "Exit codes: 0 every drill that was held was kept, and one at least; 1 otherwise; 2 an argument is wrong;",
            "3 no cluster answers.",
        ],
        ["simulate"] = ["tangram simulate --seed 7", "tangram simulate --seeds 500"],
    };

    // After those that it is made of: static fields are set in the order in which they stand.
    public static readonly Dictionary<string, string[]> Of =
        new(Cluster.Concat(Traffic).Concat(Drills).Concat(Machines).Concat(Proofs), StringComparer.Ordinal);
}
