// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Control;

/// <summary>Makes mounts for other processes: the request <c>mount</c>.</summary>
/// <param name="mount">Makes a mount; null when no filesystem that the request names is open for writing here. Its
/// exceptions become answers.</param>
/// <param name="daemon">The loggers of the daemon.</param>
internal sealed class MountService(Func<MountRequest, ILoggerFactory, MountLife?> mount, DaemonLoggers daemon)
{
    /// <summary>Name of the request.</summary>
    public const string Command = "mount";

    /// <summary>The row of the table of requests.</summary>
    public ControlRow Row => new(Command, Run);

    /// <summary>Parses the arguments of a request.</summary>
    /// <exception cref="MountOptionException">An option is unknown or its value is invalid.</exception>
    internal static MountRequest RequestOf(MountArguments arguments) => new(
        [.. arguments.Nodes.Select(node => new MountSpec(node.Devices, node.Label))],
        arguments.Source, arguments.Target, MountOptionParser.Parse(arguments.Options, arguments.IsSloppy));

    private void Run(ControlConnection connection, ControlRequest request)
    {
        if (request.Mount is not { } arguments)
        {
            _ = connection.TryAnswer(ControlStatus.Refused, "malformed request: what to mount is missing");
            return;
        }
        if (PeerRules.FaultOf(request.Client, PeerRules.ViewOfThisProcess()) is { } elsewhere)
        {
            _ = connection.TryAnswer(ControlStatus.Refused, elsewhere);
            return;
        }
        if (connection.HasHungUp) return;       // interrupted while this process was busy
        using var loggers = new MountLoggers(daemon, arguments.LogLevel);
        MountLife? life = Mount(arguments, loggers, out ControlStatus status, out string message);
        IReadOnlyList<ControlLogLine> log = loggers.TakeLines();
        if (life is null)
        {
            _ = connection.TryAnswer(status, message, log: log);
            return;
        }
        // A requester that was interrupted has told its user that nothing is mounted. One that stays waits for the end.
        bool isWanted = (arguments.Stays || !connection.HasHungUp)
            && connection.TryAnswer(ControlStatus.Done, target: life.Target, log: log);
        if (!isWanted)
        {
            life.Stop();
            life.Wait();
        }
        else if (arguments.Stays) StayUntilEnd(connection, life);
    }

    private MountLife? Mount(
        MountArguments arguments, MountLoggers loggers, out ControlStatus status, out string message)
    {
        message = "";
        try
        {
            MountLife? life = mount(RequestOf(arguments), loggers);
            status = life is null ? ControlStatus.Elsewhere : ControlStatus.Done;
            return life;
        }
        catch (HostEndingException)
        {
            status = ControlStatus.Ending;
        }
        catch (Exception refusal) when (refusal is MediaException or PfsException or FuseException
            or MountOptionException)
        {
            status = ControlStatus.Refused;
            message = refusal.Message;
        }
        return null;
    }

    private static void StayUntilEnd(ControlConnection connection, MountLife life)
    {
        life.WhenEnded(connection.Wake);
        connection.WaitForHangUp();
        if (!life.HasEnded) life.Stop();
        life.Wait();
        _ = connection.TryAnswer(life.IsDurable ? ControlStatus.Ended : ControlStatus.EndedWithLoss);
    }
}
