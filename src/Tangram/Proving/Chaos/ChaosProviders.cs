using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Tangram.Proving.Chaos;

/// <summary>Carries out one activity. What goes wrong is an answer, too.</summary>
internal static class ChaosProviders
{
    private const int MostText = 1 << 20;

    public static async Task<ChaosAnswer> AskAsync(
        ChaosProvider provider, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(provider.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return provider switch
            {
                ChaosProvider.Http http => await AskAsync(http, either.Token).ConfigureAwait(false),
                ChaosProvider.Process process => await RunAsync(process, either.Token).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"{provider} is no provider"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or Win32Exception)
        {
            return new ChaosAnswer(null, e.GetBaseException().Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ChaosAnswer(null, $"no end within {provider.Timeout.TotalSeconds} s");
        }
    }

    private static async Task<ChaosAnswer> AskAsync(ChaosProvider.Http http, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        using var client = new HttpClient(handler) { MaxResponseContentBufferSize = MostText };
        using var request = new HttpRequestMessage(new HttpMethod(http.Method), http.Url);
        if (http.Body is not null)
            request.Content = new StringContent(http.Body,
                new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        foreach (var header in http.Headers)
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value))
                request.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        return new ChaosAnswer((int)response.StatusCode, text);
    }

    private static async Task<ChaosAnswer> RunAsync(ChaosProvider.Process program, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(program.Path, program.Arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        try
        {
            var text = await TextAsync(process.StandardOutput, cancellation).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return new ChaosAnswer(process.ExitCode, text);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>To its end; what is more than we keep is read and dropped, so that nothing is held up.</summary>
    private static async Task<string> TextAsync(StreamReader from, CancellationToken cancellation)
    {
        var (text, part) = (new StringBuilder(), new char[4096]);
        while (await from.ReadAsync(part, cancellation).ConfigureAwait(false) is > 0 and var count)
            if (text.Length < MostText) text.Append(part, 0, count);
        return text.ToString();
    }
}
