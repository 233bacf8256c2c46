// SPDX-License-Identifier: BSD-3-Clause

using System.Text.Json;

namespace Hammer2.MountTests;

/// <summary>How a request comes through ioctl(2).</summary>
/// <param name="Number">The number of the command, from which the length of its record follows.</param>
internal sealed record DoorIoctl(uint Number)
{
    /// <summary>Fills the record of the good call, of a mount and a door.</summary>
    public Action<DoorMount, string, byte[]> Good { get; init; } = static (_, _, _) => { };

    /// <summary>Fills that of the call that cannot be carried out; null when no field of the record can be
    /// wrong.</summary>
    public Action<byte[]>? Bad { get; init; }

    /// <summary>The object that it is called on; the root when null.</summary>
    public Func<DoorMount, string, string>? On { get; init; }

    /// <summary>What is compared with the answers through other doors; null for nothing.</summary>
    public Func<byte[], string>? Fact { get; init; }

    /// <summary>The error in the record of an answer; null where the call returns it.</summary>
    public Func<byte[], int>? ErrorIn { get; init; }
}

/// <summary>A row of the table of requests as each door has it. In texts <c>{0}</c> is the name of the door, so that
/// each has objects of its own, and <c>{1}</c> a directory of the test.</summary>
/// <param name="Request">The name of the row.</param>
/// <param name="Good">A line for the control file that is carried out.</param>
/// <param name="Bad">One that cannot be.</param>
/// <param name="BadError">Its error number, through every door.</param>
internal sealed record DoorCase(string Request, string Good, string Bad, int BadError)
{
    /// <summary>True for the mount of three nodes.</summary>
    public bool IsOfCluster { get; init; }

    /// <summary>True for a mount of its own, which does not serve other cases afterwards.</summary>
    public bool EndsMount { get; init; }

    /// <summary>The error of the good call, where what it is for cannot be made here.</summary>
    public int GoodError { get; init; }

    /// <summary>Makes what the good call is about.</summary>
    public Action<DoorMount, string> Before { get; init; } = static (_, _) => { };

    /// <summary>Removes what the next door would find.</summary>
    public Action<DoorMount, string> After { get; init; } = static (_, _) => { };

    /// <summary>What the call changes, as it can be seen; the same text for each door.</summary>
    public Func<DoorMount, string, string> Seen { get; init; } = static (_, _) => "";

    /// <summary>A word of the answer that every door shows; null for nothing.</summary>
    public Func<JsonElement, string>? Fact { get; init; }

    /// <summary>The ioctl; null with a reason in <see cref="WithoutIoctl"/>.</summary>
    public DoorIoctl? Ioctl { get; init; }

    /// <summary>Why there is no ioctl.</summary>
    public string WithoutIoctl { get; init; } = "upstream has none of this purpose";

    /// <summary>Words of the hammer2 command, <c>{2}</c> is the mount; null with a reason in
    /// <see cref="WithoutCommand"/>. A redirection needs a shell, which <c>sh</c> as the first word asks for.</summary>
    public string? Command { get; init; }

    /// <summary>Words of the command that cannot be carried out.</summary>
    public string? BadCommand { get; init; }

    /// <summary>Why there is no command.</summary>
    public string? WithoutCommand { get; init; }
}
