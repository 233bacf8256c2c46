// SPDX-License-Identifier: BSD-3-Clause
using System.Security.Cryptography;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin.Newfs;

/// <summary>
/// The ids of new filesystems, all derived from a seed: a random seed makes them unique, a seed given by the user makes
/// them reproducible.
/// </summary>
/// <remarks>A derived id is a UUID of version 8: the first 16 bytes of a SHA-256 over the seed and the
/// purpose.</remarks>
public sealed class NewfsIdentities
{
    private readonly byte[] _seed;

    /// <summary>Derives ids from <paramref name="seed"/>, used in the byte order in which a UUID is printed.</summary>
    public NewfsIdentities(Guid seed) => _seed = seed.ToByteArray(bigEndian: true);

    /// <summary>The id of the filesystem of node <paramref name="node"/>.</summary>
    public MediaUuid FilesystemOf(int node) => Derive($"filesystem {node}");

    /// <summary>The super-root's cluster id on a node.</summary>
    public MediaUuid SuperClusterOf(int node) => Derive($"super-root cluster {node}");

    /// <summary>The super-root's node id on a node.</summary>
    public MediaUuid SuperNodeOf(int node) => Derive($"super-root node {node}");

    /// <summary>The cluster id of a PFS that all nodes share.</summary>
    public MediaUuid SharedClusterOf(string label) => Derive($"cluster of all nodes\0{label}");

    /// <summary>The cluster id of a PFS that only one node has.</summary>
    public MediaUuid ClusterOf(int node, string label) => Derive($"cluster {node}\0{label}");

    /// <summary>The node id of a PFS on a node.</summary>
    public MediaUuid NodeOf(int node, string label) => Derive($"node {node}\0{label}");

    private MediaUuid Derive(string purpose)
    {
        byte[] text = ByteText.Encode(purpose);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData([.. _seed, .. text], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return MediaUuid.From(new Guid(hash[..16], bigEndian: true));
    }
}
