// SPDX-License-Identifier: BSD-3-Clause
global using PfsNode = Hammer2.Cluster.PresentNode;
