// SPDX-License-Identifier: BSD-3-Clause
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>The result of starting a server in the background.</summary>
/// <param name="ExitCode">0 when the mount is live, otherwise the exit code for the starter.</param>
/// <param name="Message">An error message for the user; empty when the mount is live.</param>
public readonly record struct FuseBackgroundOutcome(int ExitCode, string Message);

/// <summary>
/// Starts a server in the background: this program is executed again with the same arguments, and reports through a
/// pipe that its mount is live or why it failed. A running CLR cannot fork, hence the second start.
/// </summary>
public sealed class FuseBackground
{
    private const string PipeVariable = "_FUSE_BACKGROUND_PIPE";
    private const string InterruptedMessage = "interrupted; nothing is mounted";
    private const int MessageBytesMax = 65536;
    private const int OpenReadWrite = 2;
    private const string DescriptorDirectory = "/proc/self/fd";

    private readonly SafeFileHandle _pipe;

    private FuseBackground(SafeFileHandle pipe) => _pipe = pipe;

    /// <summary>
    /// Executes this program again and waits for its report. It inherits the standard streams and nothing else, and
    /// keeps them until the mount is live.
    /// </summary>
    /// <param name="name">Its argv[0].</param>
    /// <param name="words">Its command line.</param>
    /// <param name="codeOfDeath">The exit code to return when it ends without a report.</param>
    /// <exception cref="FuseException">It cannot be executed.</exception>
    public static FuseBackgroundOutcome Start(string name, IReadOnlyList<string> words, int codeOfDeath)
    {
        LinuxChild? started = null;
        bool isInterrupted = false;
        using PosixSignalRegistration keyboard = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        CloseOthersOnExec();
        LinuxChild child = LinuxChild.StartAgain(name, words, PipeVariable, VariablesOfThisProcess());
        Volatile.Write(ref started, child);
        if (Volatile.Read(ref isInterrupted)) child.Terminate();
        byte[] report = child.ReadAll(MessageBytesMax);

        // The first byte is the exit code; a child that continues closes the pipe after it.
        bool isLive = report.Length > 0 && report[0] == 0;
        if (isLive && !Volatile.Read(ref isInterrupted)) return new FuseBackgroundOutcome(0, "");
        int status = child.Wait();
        if (Volatile.Read(ref isInterrupted)) return new FuseBackgroundOutcome(codeOfDeath, InterruptedMessage);
        if (report.Length > 0)
            return new FuseBackgroundOutcome(report[0], ByteText.Decode(report.AsSpan(1)));
        string how = status > 128 ? $"by signal {status - 128}" : $"with exit code {status}";
        string message = $"the background process ended {how} before it mounted";
        return new FuseBackgroundOutcome(codeOfDeath, message);

        // The child unmounts what it has mounted, and ends.
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            Volatile.Write(ref isInterrupted, true);
            Volatile.Read(ref started)?.Terminate();
        }
    }

    /// <summary>The pipe for the report of a process started in the background; null in any other process.</summary>
    public static FuseBackground? OfThisProcess()
    {
        string? text = Environment.GetEnvironmentVariable(PipeVariable);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor))
            return null;
        Environment.SetEnvironmentVariable(PipeVariable, null);
        LinuxCalls.SetCloseOnExec(descriptor);
        _ = LinuxCalls.NewSession();
        TakeNameOfFirstWord();
        return new FuseBackground(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>
    /// Reports that the mount is live and detaches from the starter: closes its pipe and standard streams and leaves
    /// its working directory.
    /// </summary>
    /// <param name="keepsErrorStream">True to keep the error stream, for example one that is connected to the
    /// journal.</param>
    public void ReportMounted(bool keepsErrorStream)
    {
        Report(0, "");
        LetGoOfStreams(keepsErrorStream);
        Directory.SetCurrentDirectory("/");
    }

    /// <summary>Reports why mounting failed.</summary>
    public void ReportFailure(int exitCode, string message) => Report(exitCode, message);

    // The runtime's console has duplicates of the standard streams. A starter that reads our output until EOF would
    // wait for ever if one of them stayed open.
    private static void LetGoOfStreams(bool keepsErrorStream)
    {
        int nothing = LinuxCalls.Open("/dev/null", OpenReadWrite | LinuxCalls.OpenCloseOnExec, 0);
        if (nothing < 0) return;
        string?[] streams = [TargetOf("0"), TargetOf("1"), keepsErrorStream ? null : TargetOf("2")];
        string? kept = keepsErrorStream ? TargetOf("2") : null;
        foreach (string path in Directory.GetFileSystemEntries(DescriptorDirectory))
        {
            string number = Path.GetFileName(path);
            string? target = TargetOf(number);
            bool isStream = target is not null && target != kept && Array.IndexOf(streams, target) >= 0;
            if (isStream) _ = LinuxCalls.Duplicate(nothing, int.Parse(number, CultureInfo.InvariantCulture));
        }
        new SafeFileHandle(nothing, ownsHandle: true).Dispose();
    }

    // What the caller had open, such as a lock file of a script, stays with the caller.
    private static void CloseOthersOnExec()
    {
        foreach (string path in Directory.GetFileSystemEntries(DescriptorDirectory))
        {
            int number = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
            if (number > LinuxChild.ErrorStream) LinuxCalls.SetCloseOnExec(number);
        }
    }

    // It was executed as /proc/self/exe, and would be "exe" in ps(1) and in messages of the kernel.
    private static void TakeNameOfFirstWord()
    {
        ReadOnlySpan<byte> words = File.ReadAllBytes("/proc/self/cmdline");
        int end = words.IndexOf((byte)0);
        ReadOnlySpan<byte> first = end < 0 ? words : words[..end];
        File.WriteAllBytes("/proc/self/comm", first[(first.LastIndexOf((byte)'/') + 1)..].ToArray());
    }

    private static string? TargetOf(string number) =>
        new FileInfo(Path.Combine(DescriptorDirectory, number)).LinkTarget;

    private void Report(int exitCode, string message)
    {
        using var pipe = new FileStream(_pipe, FileAccess.Write, bufferSize: 0);
        try
        {
            pipe.Write([(byte)exitCode, .. ByteText.Encode(message)]);
        }
        catch (IOException)
        {
            // The starter has ended: the report is not needed, and the mount continues.
        }
    }

    private static List<string> VariablesOfThisProcess()
    {
        var variables = new List<string>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables.Add($"{variable.Key}={variable.Value}");
        return variables;
    }
}
