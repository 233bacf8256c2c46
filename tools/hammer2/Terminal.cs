// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Text;

namespace Hammer2.Tool;

/// <summary>Where a command writes, and what it may assume of the reader. Tests pass memory in its place.</summary>
internal sealed class Terminal : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private StreamWriter? _out;

    /// <summary>Takes the two streams over; neither is closed.</summary>
    public Terminal(Stream output, Stream error)
    {
        Output = new StandardOutput(output);
        Error = new StreamWriter(error, Utf8, bufferSize: 1024, leaveOpen: true) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>Raw standard output; flush <see cref="Out"/> before writing to it.</summary>
    public Stream Output { get; }

    /// <summary>Text on standard output, buffered until the command ends; made when first asked for.</summary>
    public TextWriter Out =>
        _out ??= new StreamWriter(Output, Utf8, bufferSize: 16384, leaveOpen: true) { NewLine = "\n" };

    /// <summary>Text on standard error, not buffered.</summary>
    public TextWriter Error { get; }

    /// <summary>True when a person watches standard output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>True when a person watches standard error: progress is drawn there.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>True when standard error leads to the journal, which reads priorities.</summary>
    public bool ErrorIsJournal { get; init; }

    /// <summary>True when these are the streams of the process, which signals reach.</summary>
    public bool IsOfProcess { get; init; }

    /// <summary>What time it is, for those who ask.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The standard streams of the process.</summary>
    public static Terminal OfThisProcess() => new(StandardStreams.Output(), StandardStreams.Error())
    {
        IsOfProcess = true,
        OutputIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        ErrorIsJournal = IsJournal(),
    };

    // systemd names the journal's socket as DEVICE:INODE; a child whose error stream was redirected since
    // inherits the variable but not the socket.
    private static bool IsJournal()
    {
        if (Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not { Length: > 0 } journal) return false;
        string? target = new FileInfo("/proc/self/fd/2").LinkTarget;
        return target == $"socket:[{journal[(journal.IndexOf(':', StringComparison.Ordinal) + 1)..]}]";
    }

    /// <summary>Passes on what is buffered, and does not swallow that nobody takes it.</summary>
    public void Flush()
    {
        _out?.Flush();
        Output.Flush();
    }

    /// <summary>Writes out what is buffered.</summary>
    public void Dispose()
    {
        try
        {
            _out?.Dispose();
        }
        catch (IOException)
        {
            // Whoever read the output has gone; the dispatcher has said so with its exit code.
        }
        Error.Dispose();
    }
}
