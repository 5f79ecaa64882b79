using Tangram.ClusterTests.Lab;

namespace Tangram.ClusterTests.BadInput;

/// <summary>A file with one small service, whose replicas answer with their names and can be made to talk.</summary>
internal static class WebService
{
    /// <summary>As an application would: what cannot be logged is not logged.</summary>
    private const string Program = """
        import http.server as h, os, threading, time
        class Answers(h.BaseHTTPRequestHandler):
            wbufsize, protocol_version = -1, 'HTTP/1.1'
            def do_GET(self):
                body = os.environ['TANGRAM_REPLICA'].encode()
                self.send_response(200)
                self.send_header('content-length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *_): pass
        def talk(bytes_a_second):
            line = b'x' * 1023 + b'\n'
            while True:
                for _ in range(bytes_a_second // 10240):
                    try: os.write(1, line)
                    except OSError: pass
                time.sleep(0.1)
        if int(os.environ.get('TALK', '0')):
            threading.Thread(target=talk, args=[int(os.environ['TALK'])], daemon=True).start()
        h.ThreadingHTTPServer((os.environ.get('HOST', '127.0.0.1'), int(os.environ['PORT'])), Answers).serve_forever()
        """;

    /// <summary>Writes the service's program and the file; returns the file's path.</summary>
    /// <param name="talk">Bytes a second that each replica writes to its output.</param>
    public static string Write(string folder, string cluster, string listen, int replicas, int talk = 0)
    {
        var program = Path.Combine(folder, "web.py");
        File.WriteAllText(program, Program);
        var file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, $$"""
            name: {{cluster}}
            services:
              web:
                command: ["{{Python}}", "-u", "{{program}}"]
                environment: { TALK: "{{talk}}" }
                stop_grace_period: 1s
                deploy: { replicas: {{replicas}}, update_config: { monitor: 1s } }
                x-tangram:
                  probe: http:/
                  route: { path: / }
            x-tangram:
              gateway: { listen: ["http://{{listen}}"] }
            """);
        return file;
    }

    /// <summary>The interpreter itself: a wrapper would be the replica's process.</summary>
    private static string Python { get; } =
        Command.Run("python3", "-c", "import sys; print(sys.executable)").Trim();
}
