// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Fuse;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Commands;

/// <summary>Mounts for both commands, in this process or in a background process.</summary>
internal static class MountRun
{
    /// <summary>Parses the options.</summary>
    /// <exception cref="CommandException">One is unknown, or has an invalid value.</exception>
    public static MountOptions Parse(IReadOnlyList<string> lists, bool isSloppy)
    {
        try
        {
            return MountOptionParser.Parse(lists, isSloppy);
        }
        catch (MountOptionException failure)
        {
            throw new CommandException(ExitCode.MountUsage, "-o " + failure.Message, failure);
        }
    }

    /// <summary>Mounts, and returns when the mount is live, or in the foreground when it has ended.</summary>
    public static int Run(Invocation invocation, IReadOnlyList<string> specTexts, string target,
        IReadOnlyList<string> optionLists, bool isSloppy, bool isForeground)
    {
        MountOptions options = WithFullPaths(Parse(optionLists, isSloppy));
        specTexts = LabelSearch.Replace(specTexts);
        FuseBackground? background = FuseBackground.OfThisProcess();
        // A process in the background was given all of them.
        if (background is null && options.Devices.Count == 0) specTexts = [.. specTexts.Select(WithAllVolumes)];
        var specs = new List<MountSpec>();
        foreach (string text in specTexts) specs.Add(WithFullPaths(ParseSpec(text)));
        if (background is null && !isForeground && !options.IsForeground)
            return StartInBackground(invocation, specTexts, target, optionLists, isSloppy);

        var request = new MountRequest(specs, SourceOf(specs), target, options);
        LogLevel level = options.LogLevel ?? invocation.LogLevel;
        using ILoggerFactory own = Output.StandardErrorLogger.CreateFactory(invocation.Terminal, level);
        using var loggers = new DaemonLoggers(own);
        var words = new MountWords(optionLists, isSloppy, level, Stays: background is null);
        using var starter = new MountStarter(request, words, loggers);
        bool servesItself;
        try
        {
            servesItself = starter.Start();
        }
        catch (Exception failure) when (failure is MediaException or PfsException or FuseException)
        {
            if (background is null)
                throw new CommandException(ExitCode.MountFailed, failure.Message, failure);
            background.ReportFailure(ExitCode.MountFailed, ByteText.ToPrintable(failure.Message));
            return ExitCode.MountFailed;
        }
        if (background is not null)
        {
            if (servesItself && !invocation.Terminal.ErrorIsJournal) loggers.UseSystemLog();
            background.ReportMounted(keepsErrorStream: invocation.Terminal.ErrorIsJournal);
        }
        else Notify(invocation, ServiceNotice.Ready(target));
        using ServiceWatchdog? watchdog = background is null ? Watch(invocation, starter) : null;
        return starter.Serve() ? ExitCode.Ok : ExitCode.Failed;
    }

    private static ServiceWatchdog? Watch(Invocation invocation, MountStarter starter)
    {
        TimeSpan? interval = ServiceWatchdog.IntervalOf(
            Environment.GetEnvironmentVariable(ServiceWatchdog.Variable),
            Environment.GetEnvironmentVariable(ServiceWatchdog.ProcessVariable), Environment.ProcessId);
        return interval is { } wanted
            ? new ServiceWatchdog(
                wanted, () => starter.LongestCommit, notice => Notify(invocation, notice), TimeProvider.System)
            : null;
    }

    private static void Notify(Invocation invocation, string notice)
    {
        string? socket = Environment.GetEnvironmentVariable(ServiceNotice.Variable);
        if (ServiceNotice.Send(socket, notice) is { } failure) invocation.Terminal.Error.WriteLine("hammer2: " + failure);
    }

    // What the mount table shows: absolute paths.
    private static string SourceOf(List<MountSpec> specs) => string.Join(' ', specs.Select(spec =>
        string.Join(':', spec.Paths.Select(DeviceOpener.FullName)) + (spec.Label is null ? "" : "@" + spec.Label)));

    private static string WithAllVolumes(string spec)
    {
        try
        {
            return LabelSearch.Complete(spec, LabelSearch.OfThisMachine);
        }
        catch (FormatException failure)
        {
            throw new CommandException(ExitCode.MountUsage, failure.Message, failure);
        }
    }

    // The process leaves its working directory, and opens devices again that were away.
    private static MountSpec WithFullPaths(MountSpec spec) =>
        spec with { Paths = [.. spec.Paths.Select(DeviceOpener.FullName)] };

    private static MountOptions WithFullPaths(MountOptions options) => options with
    {
        Devices = [.. options.Devices.Select(static paths =>
            (IReadOnlyList<string>)[.. paths.Select(DeviceOpener.FullName)])],
    };

    private static MountSpec ParseSpec(string text)
    {
        try
        {
            return MountSpec.Parse(text);
        }
        catch (FormatException failure)
        {
            throw new CommandException(ExitCode.MountUsage, failure.Message, failure);
        }
    }

    private static int StartInBackground(Invocation invocation, IReadOnlyList<string> specTexts,
        string target, IReadOnlyList<string> optionLists, bool isSloppy)
    {
        var words = new List<string> { "mount" };
        foreach (string list in optionLists)
        {
            words.Add("-o");
            words.Add(list);
        }
        if (isSloppy) words.Add("--sloppy");
        if (invocation.Text(CommonOptions.LogLevel) is { } level)
            words.AddRange([CommonOptions.LogLevel.Name, level]);
        words.Add("--");
        words.AddRange(specTexts);
        words.Add(target);
        FuseBackgroundOutcome outcome;
        try
        {
            outcome = FuseBackground.Start(ServiceName.Choose(File.Exists), words, ExitCode.MountFailed);
        }
        catch (FuseException failure)
        {
            throw new CommandException(ExitCode.MountFailed, failure.Message, failure);
        }
        return outcome.ExitCode == ExitCode.Ok
            ? ExitCode.Ok
            : throw new CommandException(outcome.ExitCode, outcome.Message);
    }
}
