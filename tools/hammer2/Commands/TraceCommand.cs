// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Concurrency;
using Fuse.Protocol;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the requests of the kernel as a mount serves them.</summary>
internal static class TraceCommand
{
    // Between wakings: many requests that come meanwhile are read at once, which costs the mount less.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in a mount") { Completes = Completion.Directory };

    private static readonly OptionRow Operation = new("--operation", "only this operation, such as Write; may be repeated")
    {
        ValueName = "NAME",
        Repeats = true,
    };

    private static readonly OptionRow SlowerThan = new("--slower-than", "only what took longer, such as 500us, 10ms or 1s")
    {
        ValueName = "DURATION",
    };

    private static readonly OptionRow Errors = new("--errors", "only what ended with an error number");

    private static readonly OptionRow Pid = new("--pid", "only requests of this process, or thread of one that has several")
    {
        ValueName = "PID",
    };

    private static readonly OptionRow Count = new("--count", "end after so many lines") { ValueName = "N" };

    public static readonly CommandRow Row = new("trace", "print the requests of a mount as they are served", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Prints a line for each request of the kernel when it has been served: when, how long it took, the operation by its
            name in the FUSE protocol, its error, the thread and user of the caller, and the object: its path where that is
            known without much work, else its node, with the name, position and size that the operation has. Thread 0 is the
            kernel's own, as when it writes back. What the kernel answers by itself is not seen. Ends with ^C, or with the mount.

            A request that nothing reads in time is lost, and a line says how many were; the mount does not wait. With
            --json each line is an object with number, lost (before it), time, operation, microseconds, errno, error,
            pid, uid, node, and path, name, position and size where there are such. Do not write the output to a file in
            the same mount, which would be followed by further requests. A mount by a user on a write-protected device
            cannot be traced. For the user that mounted it, and root where it may enter the mount.
            """,
        Arguments = [Mount],
        Options = [Operation, SlowerThan, Errors, Pid, Count],
        Examples =
        [
            new("hammer2 trace /mnt --slower-than 10ms", "what is slow"),
            new("hammer2 trace /mnt --errors --operation Open --operation Lookup", "what is not found"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        TraceFilter filter = FilterOf(invocation);
        long left = invocation.Text(Count) is { } count ? NumberOf(Count, count) : long.MaxValue;
        bool isJson = invocation.Has(CommonOptions.Json);
        using LineFile file = LineFile.Open(
            invocation.Text(Mount), "trace", "not there: a mount by a user on a write-protected device cannot be traced");
        while (true)
        {
            while (file.Next() is { } line)
            {
                var request = TracedRequest.Parse(line);
                if (request.Lost > 0 && !isJson)
                    invocation.Terminal.Out.WriteLine($"({request.Lost} requests were lost)");
                // In JSON what was lost is told by a line that would not be shown else.
                bool isShown = filter.Shows(request) || (isJson && request.Lost > 0);
                if (!isShown) continue;
                invocation.Terminal.Out.WriteLine(isJson ? line : request.ToText());
                if (--left == 0) return ExitCode.Ok;
            }
            invocation.Terminal.Out.Flush();
            if (!file.Wait()) return ExitCode.Ok;
            SystemScheduler.Instance.Pause(s_pause);
        }
    }

    private static TraceFilter FilterOf(Invocation invocation)
    {
        var operations = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in invocation.Texts(Operation))
        {
            bool isKnown = Enum.GetNames<FuseOpcode>().Contains(name, StringComparer.OrdinalIgnoreCase);
            if (!isKnown) throw new CommandException(ExitCode.Usage, $"{Operation.Name} {name}: there is no such operation");
            _ = operations.Add(name);
        }
        long? slower = null;
        if (invocation.Text(SlowerThan) is { } text)
        {
            slower = TraceFilter.DurationOf(text) ?? throw new CommandException(
                ExitCode.Usage, $"{SlowerThan.Name} {text}: not a duration such as 500us, 10ms or 1s");
        }
        return new TraceFilter(operations, slower, invocation.Has(Errors),
            invocation.Text(Pid) is { } pid ? NumberOf(Pid, pid) : null);
    }

    private static long NumberOf(OptionRow option, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0
            ? number
            : throw new CommandException(ExitCode.Usage, $"{option.Name} {text}: not a number of 1 or more");
}
