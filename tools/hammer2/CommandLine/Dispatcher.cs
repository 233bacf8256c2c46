// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using Hammer2.Tool.Mounts;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.CommandLine;

/// <summary>Selects and runs the command that the arguments of the process name, and converts its result to an exit
/// code.</summary>
internal static class Dispatcher
{
    /// <summary>The output of <c>--version</c>.</summary>
    public static string Version
    {
        get
        {
            string? version = typeof(Dispatcher).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            return "hammer2 " + (version ?? "0");
        }
    }

    /// <summary>Runs the command selected by the program's name or the first argument.</summary>
    /// <param name="program">argv[0]; only its last path component is used, without
    /// an at sign before it.</param>
    /// <param name="words">The arguments.</param>
    /// <param name="terminal">Receives the output.</param>
    public static int Run(string program, string[] words, Terminal terminal)
    {
        string name = Path.GetFileName(program).TrimStart(ServiceName.Mark);
        if (CommandTable.ByProgramName(name) is { } named) return Run(named, words, terminal);
        if (words.Length == 0)
        {
            HelpText.WriteOverview(terminal.Error);
            return ExitCode.Usage;
        }
        switch (words[0])
        {
            case "--version":
                terminal.Out.WriteLine(Version);
                return Finish(terminal, ExitCode.Ok);
            case "--help" or "-h":
                HelpText.WriteOverview(terminal.Out);
                return Finish(terminal, ExitCode.Ok);
        }
        LeadingOptions leading = LeadingOptions.Parse(words);
        if (leading.Rest.Length > 0 && CommandTable.ByName(leading.Rest[0]) is { } row)
            return Run(row, leading, terminal);

        // mount.fuse3 calls the type's program with the specification first: hammer2 SPEC DIR -o OPTIONS.
        if (LooksLikeMountHelper(words) && CommandTable.ByName("mount") is { } mount) return Run(mount, words,
            terminal);

        Say(terminal, $"{words[0]}: no such command, see 'hammer2 --help'");
        return ExitCode.Usage;
    }

    private static bool LooksLikeMountHelper(string[] words) =>
        words.Length >= 2 && words[0].AsSpan().IndexOfAny('/', '@', ':') >= 0;

    private static int Run(CommandRow row, LeadingOptions leading, Terminal terminal)
    {
        if (leading.Apply(row, leading.Rest[1..], out string[] words) is not { } wrong) return Run(row, words, terminal);
        Say(terminal, $"{row.Name}: {wrong}, see 'hammer2 {row.Name} --help'");
        return row.UsageExitCode;
    }

    private static int Run(CommandRow row, string[] words, Terminal terminal)
    {
        string? wrong = CommandParser.Parse(row, words, out Dictionary<string, string[]> values);
        if (wrong is not null)
        {
            Say(terminal, $"{row.Name}: {wrong}, see 'hammer2 {row.Name} --help'");
            return row.UsageExitCode;
        }
        using var invocation = new Invocation(row, values, terminal);
        if (invocation.Has(CommonOptions.Help))
        {
            HelpText.Write(row, terminal.Out);
            return Finish(terminal, ExitCode.Ok);
        }
        using InterruptionNotice? notice = terminal.IsOfProcess && !row.HandlesSignals
            ? new InterruptionNotice(invocation) : null;
        return Finish(terminal, RunGuarded(invocation), invocation);
    }

    private static int RunGuarded(Invocation invocation)
    {
        try
        {
            return invocation.Row.Run(invocation);
        }
        catch (CommandException failure)
        {
            invocation.Warn(failure.Message);
            return failure.Code;
        }
        catch (IOException failure) when (IsBrokenPipe(failure))
        {
            return ExitCode.BrokenPipe;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            invocation.Warn(failure.Message);
            return ExitCode.Failed;
        }
        catch (Exception failure)
        {
            invocation.Warn($"{invocation.Row.Name}: defect of this program: {failure.Message}");
            if (invocation.LogLevel <= LogLevel.Debug) invocation.Terminal.Error.WriteLine(failure.ToString());
            return ExitCode.Internal;
        }
    }

    private static int Finish(Terminal terminal, int code, Invocation? invocation = null)
    {
        try
        {
            invocation?.CompleteReport();
            terminal.Flush();
            return code;
        }
        catch (IOException failure)
        {
            if (IsBrokenPipe(failure)) return ExitCode.BrokenPipe;
            // The error may also occur earlier, when the output exceeds the buffer.
            if (code != ExitCode.Failed) Say(terminal, failure.Message);
            return ExitCode.Failed;
        }
    }

    // Messages contain arguments, which are arbitrary bytes.
    private static void Say(Terminal terminal, string message) =>
        terminal.Error.WriteLine("hammer2: " + ByteText.ToPrintable(message));

    // The runtime hides SIGPIPE and reports EPIPE (32) as the exception's code.
    private static bool IsBrokenPipe(IOException failure) => (failure.HResult & 0xFFFF) == 32;
}
