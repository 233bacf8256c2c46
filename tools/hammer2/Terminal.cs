// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Text;

namespace Hammer2.Tool;

/// <summary>The output streams of a command. Tests use streams in memory instead.</summary>
internal sealed class Terminal : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private StreamWriter? _out;

    /// <summary>Uses the two streams; neither is closed.</summary>
    public Terminal(Stream output, Stream error)
    {
        Output = new StandardOutput(output);
        Error = new StreamWriter(error, Utf8, bufferSize: 1024, leaveOpen: true) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>Raw standard output; flush <see cref="Out"/> before writing to it.</summary>
    public Stream Output { get; }

    /// <summary>Text on standard output, buffered until the command ends; created on first use.</summary>
    public TextWriter Out =>
        _out ??= new StreamWriter(Output, Utf8, bufferSize: 16384, leaveOpen: true) { NewLine = "\n" };

    /// <summary>Text on standard error, not buffered.</summary>
    public TextWriter Error { get; }

    /// <summary>True when standard output is a terminal.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Columns and lines of the terminal at present.</summary>
    public Func<(int Width, int Height)> Size { get; init; } = static () => (80, 24);

    /// <summary>True when standard error is a terminal, where progress is drawn.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>True when standard error is connected to the journal, which reads priorities.</summary>
    public bool ErrorIsJournal { get; init; }

    /// <summary>True when these are the streams of the process, so that signals concern them.</summary>
    public bool IsOfProcess { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The standard streams of the process.</summary>
    public static Terminal OfThisProcess() => new(StandardStreams.Output(), StandardStreams.Error())
    {
        IsOfProcess = true,
        OutputIsTerminal = !Console.IsOutputRedirected,
        Size = SizeOfConsole,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        ErrorIsJournal = IsJournal(),
    };

    // A terminal may not tell its size.
    private static (int Width, int Height) SizeOfConsole() =>
        (Console.WindowWidth is > 0 and int width ? width : 80, Console.WindowHeight is > 0 and int height ? height : 24);

    // systemd stores the identity of the journal's socket as DEVICE:INODE; a child whose error stream was redirected
    // inherits the variable but not the socket.
    private static bool IsJournal()
    {
        if (Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not { Length: > 0 } journal) return false;
        string? target = new FileInfo("/proc/self/fd/2").LinkTarget;
        return target == $"socket:[{journal[(journal.IndexOf(':', StringComparison.Ordinal) + 1)..]}]";
    }

    /// <summary>Flushes the buffered output; throws when the reader has closed its end.</summary>
    public void Flush()
    {
        _out?.Flush();
        Output.Flush();
    }

    /// <summary>Flushes the buffered output.</summary>
    public void Dispose()
    {
        try
        {
            _out?.Dispose();
        }
        catch (IOException)
        {
            // The reader has closed its end; the dispatcher has reported it with its exit code.
        }
        Error.Dispose();
    }
}
